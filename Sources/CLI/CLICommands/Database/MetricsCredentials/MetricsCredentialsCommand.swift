import ArgumentParser

/// `atoll db metrics-credentials`
struct MetricsCredentialsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics-credentials",
        abstract: "Show and set the user name and password of the Prometheus endpoint.",
        discussion: """
            They are the same for all clusters.

            Example:
              atoll db metrics-credentials get
            """,
        subcommands: [MetricsCredentialsGet.self, MetricsCredentialsSet.self])
}
