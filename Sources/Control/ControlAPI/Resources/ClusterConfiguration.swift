import ControlModel

/// `/v2/databases/{cluster}/config`: the advanced configuration.
func clusterConfigurationRoutes(_ services: APIServices) -> [Route] {
    let path = "/v2/databases/{cluster}/config"
    return [
        Route(.get, path) { call in
            let config = try await services.databases.configuration(clusterID: try call.identifier("cluster"))
            return .ok(ConfigurationEnvelope(config: config))
        },
        Route(.patch, path) { call in
            let id = try call.identifier("cluster")
            _ = try await services.databases.cluster(id: id)
            let changes = try (try await call.body()).requiredObject("config").fields
            try await services.databases.patchConfiguration(clusterID: id, changes: changes)
            return .emptyOK
        },
    ]
}

private struct ConfigurationEnvelope: Encodable {
    let config: [String: JSONValue]
}
