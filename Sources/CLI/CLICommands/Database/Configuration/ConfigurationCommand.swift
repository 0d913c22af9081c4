import ArgumentParser

/// `atoll db config`
struct ConfigurationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show and change a cluster's advanced configuration.",
        discussion: """
            Examples:
              atoll db config set shop work_mem=16 jit=false
              atoll db config set cache maxmemory_policy=allkeys_lru
            """,
        subcommands: [ConfigurationGet.self, ConfigurationSet.self])
}
