import ArgumentParser

/// `atoll db maintenance`
struct MaintenanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "maintenance",
        abstract: "Show and set the weekly hour for updates.",
        discussion: """
            Example:
              atoll db maintenance set shop --day sunday --hour 03:00
            """,
        subcommands: [MaintenanceGet.self, MaintenanceSet.self])
}
