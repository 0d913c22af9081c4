import ArgumentParser
import Foundation

/// The options with which every command that talks to the API finds it.
package struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Address of the API.",
            discussion: """
                Else ATOLL_API_URL, else what the data directory says about the running Atoll, else \
                \(Endpoint.defaultURL).
                """, valueName: "url"))
    var apiURL: String?

    @Option(
        help: ArgumentHelp(
            "PEM file with the authority that signed the API's certificate.",
            discussion: "Else ATOLL_CA, else that of the data directory, else the system's authorities.",
            valueName: "file"))
    var ca: String?

    @Option(
        help: ArgumentHelp(
            "File that holds the API token.",
            discussion: """
                Else the token in ATOLL_TOKEN, else the data directory's admin.token. A token is never taken from the \
                command line itself, which other users of the machine can see.
                """, valueName: "file"))
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "Atoll's data directory.",
            discussion: "Else ATOLL_DATA, else /var/lib/atoll for root and ~/.local/share/atoll for others.",
            valueName: "directory"))
    var data: String?

    package init() {}

    /// The API that these options, the environment and the data directory lead to.
    package func endpoint() throws -> Endpoint {
        let environment = ProcessInfo.processInfo.environment
        let dataDirectory = DataDirectory.resolve(option: data, environment: environment)
        let record = try ControlRecord.read(inDataDirectory: dataDirectory)
        // Without a record the default address may be another Atoll's; a directory of our own says that this one is down.
        let isNamed = apiURL != nil || environment.nonEmpty("ATOLL_API_URL") != nil
        if record == nil, !isNamed, FileManager.default.fileExists(atPath: dataDirectory + "/state.db") {
            throw CommandError("Atoll does not run on \(dataDirectory).", advice: "Start it with `atoll up --daemon`.")
        }
        return try Endpoint.resolve(
            Endpoint.Choice(apiURL: apiURL, caFile: ca, tokenFile: tokenFile), environment: environment,
            dataDirectory: dataDirectory, record: record,
            fileExists: FileManager.default.fileExists(atPath:))
    }
}
