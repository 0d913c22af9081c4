import ArgumentParser
import ControlModel

/// `atoll db maintenance set`
struct MaintenanceSet: APICommand {
    /// The API's names of days.
    enum Day: String, CaseIterable, ExpressibleByArgument {
        case monday
        case tuesday
        case wednesday
        case thursday
        case friday
        case saturday
        case sunday
    }

    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Set when updates may be installed.",
        discussion: """
            Example:
              atoll db maintenance set shop --day sunday --hour 03:00
            """)

    @OptionGroup var cluster: ClusterArgument

    @Option(help: "Day of the week.")
    var day: Day

    @Option(help: ArgumentHelp("Time of day in UTC.", valueName: "hh:mm"))
    var hour: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let found = try await session.cluster(cluster.reference)
        let body = JSONValue.object(["day": .string(day.rawValue), "hour": .string(hour)])
        _ = try await session.send(.databases(.put, found.id, "maintenance", body: body))
        try session.report("Updates of \(found.name) may be installed on \(day) at \(hour) UTC.", as: output.format)
    }
}
