import ArgumentParser
import Certificates
import Foundation
import Testing

@testable import CLICommands

@Suite("Options of atoll up")
struct UpOptionsTests {
    @Test("Without arguments Atoll serves this machine only")
    func defaults() throws {
        let options = try UpOptions.parse([])
        #expect(options.listen == "127.0.0.1" && options.isLoopback)
        #expect(options.port == 8443 && options.metricsPort == 9273 && options.postgresPort == 25_060)
        #expect(options.hostname == nil && options.domain == nil && options.data == nil)
        #expect(options.logFormat == .text)
        #expect(options.requestsPerHour == 5000 && options.requestsPerMinute == 250)
        #expect(options.shownHostname == "localhost")
    }

    static let refused: [([String], String)] = [
        (["--port", "0"], "--port must be from 1 to 65535"),
        (["--port", "65536"], "--port must be from 1 to 65535"),
        (["--port=-1"], "--port must be from 1 to 65535"),
        (["--metrics-port", "0"], "--metrics-port must be from 1 to 65535"),
        (["--postgres-port", "70000"], "--postgres-port must be from 1 to 65535"),
        (["--requests-per-hour", "0"], "must be over 0"),
        (["--requests-per-minute", "0"], "must be over 0"),
        (["--requests-per-minute=-5"], "must be over 0"),
        (["--listen", "localhost"], "--listen must be a numeric address"),
        (["--listen", ""], "--listen must be a numeric address"),
        (["--listen", "10.0.0.256"], "--listen must be a numeric address"),
        (["--listen", "127.1"], "--listen must be a numeric address"),
        (["--listen", "[::1]"], "--listen must be a numeric address"),
        (["--listen", "0.0.0.0:8443"], "--listen must be a numeric address"),
        (["--log-format", "xml"], "--log-format"),
        (["--port", "https"], "--port"),
        (["more"], "more"),
    ]

    @Test("What cannot be served is refused with the option's name", arguments: refused)
    func validation(arguments: [String], text: String) throws {
        do {
            _ = try UpOptions.parse(arguments)
            Issue.record("\(arguments) was taken")
        } catch {
            #expect(UpOptions.message(for: error).contains(text), "\(UpOptions.message(for: error))")
        }
    }

    static let taken: [[String]] = [
        ["--data", "/d/atoll"],
        ["--data", "/d/it's \"odd\" é", "--log-format", "json"],
        ["--data", "/d", "--listen", "0.0.0.0", "--hostname", "db.example.com", "--domain", "example.com"],
        ["--data", "/d", "--listen", "::", "--port", "1", "--metrics-port", "65535", "--postgres-port", "30000"],
        ["--data", "/d", "--requests-per-hour", "1", "--requests-per-minute", "2"],
        ["--data", "relative/path"],
        ["--data", "/d/../e/"],
    ]

    @Test("The options as arguments give the same options again", arguments: taken)
    func roundTrip(_ arguments: [String]) throws {
        let options = try UpOptions.parse(arguments)
        let again = try UpOptions.parse(options.arguments)
        #expect(again.arguments == options.arguments)
        #expect(again.dataDirectory == options.dataDirectory && again.dataDirectory.hasPrefix("/"))
        #expect(again.listen == options.listen && again.port == options.port)
        #expect(again.metricsPort == options.metricsPort && again.postgresPort == options.postgresPort)
        #expect(again.hostname == options.hostname && again.domain == options.domain)
        #expect(again.logFormat == options.logFormat)
        #expect(again.requestsPerHour == options.requestsPerHour)
        #expect(again.requestsPerMinute == options.requestsPerMinute)
    }

    @Test("Every option is among the arguments, so that none is lost on the way to the background")
    func allOptionsPassOn() throws {
        let options = try UpOptions.parse(["--data", "/d", "--hostname", "h", "--domain", "d.example"])
        let passed = Set(options.arguments.filter { $0.hasPrefix("--") })
        let help = UpOptions.helpMessage(columns: 1000)
        let known = help.split(separator: "\n").compactMap { line -> String? in
            let words = line.split(separator: " ")
            return words.first.flatMap { $0.hasPrefix("--") ? String($0) : nil }
        }
        #expect(passed == Set(known))
    }

    static let hostnames: [([String], String)] = [
        (["--listen", "127.0.0.1"], "localhost"), (["--listen", "127.0.0.9"], "127.0.0.9"),
        (["--listen", "::1"], "localhost"), (["--listen", "0.0.0.0"], UpOptions.machineName),
        (["--listen", "::"], UpOptions.machineName), (["--listen", "192.0.2.5"], UpOptions.machineName),
        (["--listen", "127.0.0.1", "--hostname", "h.example"], "h.example"),
        (["--listen", "0.0.0.0", "--hostname", "2001:db8::5"], "2001:db8::5"),
    ]

    @Test("Connection details show a name that reaches this machine", arguments: hostnames)
    func shownHostname(arguments: [String], expected: String) throws {
        #expect(try UpOptions.parse(arguments).shownHostname == expected)
    }

    @Test("Certificates are for every name that a client may use, each once")
    func certificateNames() throws {
        let plain = try UpOptions.parse([]).certificateNameTexts
        #expect(plain == ["localhost", "127.0.0.1", "::1", UpOptions.machineName].uniqued)
        let arguments = ["--listen", "192.0.2.5", "--hostname", "db.example.com", "--domain", "example.com"]
        let named = try UpOptions.parse(arguments).certificateNameTexts
        #expect(
            named
                == [
                    "localhost", "127.0.0.1", "::1", "db.example.com", UpOptions.machineName, "192.0.2.5",
                    "example.com", "*.example.com",
                ].uniqued)
        for listen in ["0.0.0.0", "::"] {
            let names = try UpOptions.parse(["--listen", listen, "--hostname", "localhost"]).certificateNameTexts
            #expect(names == ["localhost", "127.0.0.1", "::1", UpOptions.machineName].uniqued)
        }
    }

    @Test(
        "A name that no certificate can hold is refused, and so are two servers on one port",
        arguments: [
            ["--hostname", "not a name"], ["--domain", "-example.com"], ["--hostname", "db_ä.example"],
            ["--port", "9000", "--metrics-port", "9000"],
        ])
    func whatCannotServeIsRefused(arguments: [String]) {
        #expect(throws: (any Error).self) { try UpOptions.parse(["--data", "/d"] + arguments) }
    }
}

extension [String] {
    /// The elements without repetitions, in order.
    fileprivate var uniqued: [String] {
        reduce(into: []) { unique, name in if !unique.contains(name) { unique.append(name) } }
    }
}
