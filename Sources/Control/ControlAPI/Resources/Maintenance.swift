import ControlModel

/// A cluster's maintenance window and its history.
func maintenanceRoutes(_ services: APIServices) -> [Route] {
    let databases = services.databases
    return [
        Route(.put, "/v2/databases/{cluster}/maintenance") { call in
            let id = try call.identifier("cluster")
            _ = try await databases.cluster(id: id)
            let body = try await call.body()
            try await databases.setMaintenanceWindow(
                clusterID: id, day: try body.requiredString("day"), hour: try body.requiredString("hour"))
            return .noContent
        },
        Route(.get, "/v2/databases/{cluster}/events") { call in
            let events = try await databases.events(clusterID: try call.identifier("cluster"))
            return .ok(EventList(events: events.map { EventView($0) }))
        },
    ]
}

private struct EventList: Encodable {
    let events: [EventView]
}

private struct EventView: Encodable {
    let id: String
    let clusterName: String
    let eventType: String
    let createTime: String

    init(_ event: ClusterEvent) {
        id = event.id
        clusterName = event.clusterName
        eventType = event.kind.rawValue
        createTime = event.createdAt.timestamp
    }

    enum CodingKeys: String, CodingKey {
        case id
        case clusterName = "cluster_name"
        case eventType = "event_type"
        case createTime = "create_time"
    }
}
