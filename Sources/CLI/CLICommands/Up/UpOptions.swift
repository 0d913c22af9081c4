import ArgumentParser
import Certificates
import ControlReconciler
import Foundation
import Glibc

/// What `atoll up` is told: addresses, names, ports, places. One row an option; `--help` shows them.
struct UpOptions: ParsableArguments {
    @Option(
        help: "Directory for everything that Atoll keeps (default: /var/lib/atoll as root, else ~/.local/share/atoll).")
    var data: String?

    @Option(help: "Numeric address that every product listens on. 0.0.0.0 is every IPv4 address of the machine.")
    var listen = "127.0.0.1"

    @Option(help: "Port of the API (HTTPS).")
    var port = 8443

    @Option(help: "Port of the Prometheus endpoint (HTTPS).")
    var metricsPort = 9273

    @Option(help: "First port for PostgreSQL clusters; each takes two. Key-value clusters begin 40 above it.")
    var postgresPort = 25_060

    @Option(
        help: """
            Host name that connection details show (default: localhost while listening on loopback, else the \
            machine's name).
            """)
    var hostname: String?

    @Option(help: "Domain whose names (*.DOMAIN) point to this machine; it goes into the certificates.")
    var domain: String?

    @Option(help: "Form of the log on stderr: text or json.")
    var logFormat: LogFormatArgument = .text

    @Option(help: "API requests that one token may make in an hour.")
    var requestsPerHour = 5000

    @Option(help: "API requests that one token may make in a minute.")
    var requestsPerMinute = 250

    var dataDirectory: String { DataDirectory.resolve(option: data) }

    func validate() throws {
        for (name, value) in [("--port", port), ("--metrics-port", metricsPort), ("--postgres-port", postgresPort)] {
            guard (1...65_535).contains(value) else { throw ValidationError("\(name) must be from 1 to 65535.") }
        }
        guard requestsPerHour > 0, requestsPerMinute > 0 else {
            throw ValidationError("--requests-per-hour and --requests-per-minute must be over 0.")
        }
        guard port != metricsPort else { throw ValidationError("--port and --metrics-port must differ.") }
        for (name, value) in [("--hostname", hostname), ("--domain", domain)] {
            guard let value, (try? SubjectName(value)) == nil else { continue }
            throw ValidationError("\(name) must be a host name or an address; \"\(value)\" cannot be certified.")
        }
        guard Self.isNumericAddress(listen) else {
            throw ValidationError("--listen must be a numeric address, such as 127.0.0.1, 0.0.0.0 or ::.")
        }
    }

    static func isNumericAddress(_ text: String) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET, text, &buffer) == 1 || inet_pton(AF_INET6, text, &buffer) == 1
    }

    /// Says which port is taken before anything is started; a server's own error would not name the option.
    func checkPorts() throws {
        for (name, value) in [("--port", port), ("--metrics-port", metricsPort)] {
            guard PortProbe.isFree(value, address: listen) else {
                throw CommandError(
                    "Port \(value) at \(listen) is in use by another process, or not ours to use.",
                    advice: "End it (`ss -ltnp 'sport = :\(value)'` shows it), or choose another port with \(name).")
            }
        }
    }

    /// The loopback addresses that `localhost` stands for; others of 127.0.0.0/8 are shown as they are.
    var isLoopback: Bool { listen == "127.0.0.1" || listen == "::1" }

    /// What connection details show.
    var shownHostname: String {
        if let hostname { return hostname }
        if isLoopback { return "localhost" }
        return listen.hasPrefix("127.") ? listen : Self.machineName
    }

    /// Host of a URL under which clients on this machine reach us: the shown name need not resolve here. Always one of
    /// `certificateNameTexts`.
    var localHost: String {
        if isLoopback || listen == "0.0.0.0" || listen == "::" { return "localhost" }
        return listen.contains(":") ? "[\(listen)]" : listen
    }

    static var machineName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Every name and address that a client may use for this machine, for the certificates. What is no valid name
    /// (a machine name with an underscore) is left out.
    var certificateNameTexts: [String] {
        var names = ["localhost", "127.0.0.1", "::1", shownHostname, Self.machineName]
        if listen != "0.0.0.0" && listen != "::" { names.append(listen) }
        if let domain { names += [domain, "*.\(domain)"] }
        return names.reduce(into: []) { unique, name in if !unique.contains(name) { unique.append(name) } }
    }

    /// The same options as arguments, for starting the process again in the background.
    var arguments: [String] {
        var arguments = [
            "--data", dataDirectory, "--listen", listen, "--port", "\(port)", "--metrics-port", "\(metricsPort)",
            "--postgres-port", "\(postgresPort)", "--log-format", logFormat.rawValue, "--requests-per-hour",
            "\(requestsPerHour)", "--requests-per-minute", "\(requestsPerMinute)",
        ]
        if let hostname { arguments += ["--hostname", hostname] }
        if let domain { arguments += ["--domain", domain] }
        return arguments
    }
}

/// `--log-format`.
enum LogFormatArgument: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
}
