import Foundation
import Testing

@testable import TLS

/// An authority, and certificates that it has signed, made by the `openssl` program in a directory that goes with
/// this object.
final class CertificateFiles {
    let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "atoll-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout ca.key -out ca.crt",
            subject: "/CN=Test authority")
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func path(_ name: String) -> String { directory.appending(path: name).path() }

    /// A certificate for the names, each as "DNS:example.test" or "IP:127.0.0.1".
    func issue(
        _ name: String, commonName: String, names: [String] = [], password: String? = nil,
        key: String = "ec -pkeyopt ec_paramgen_curve:prime256v1"
    ) throws -> TLSIdentity {
        let protection = password.map { "-passout pass:\($0)" } ?? "-nodes"
        try openssl(
            "req -newkey \(key) \(protection) -keyout \(name).key -out \(name).csr",
            subject: "/CN=\(commonName)")
        var signing = "x509 -req -in \(name).csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out \(name).crt"
        if !names.isEmpty {
            let text = "subjectAltName=\(names.joined(separator: ","))\n"
            try text.write(to: directory.appending(path: "\(name).ext"), atomically: false, encoding: .utf8)
            signing += " -extfile \(name).ext"
        }
        try openssl(signing)
        return TLSIdentity(
            certificateFile: path("\(name).crt"), keyFile: path("\(name).key"), keyPassword: password)
    }

    var authorities: TLSAuthorities { TLSAuthorities(file: path("ca.crt")) }

    func openssl(_ arguments: String, subject: String? = nil) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments.split(separator: " ").map(String.init) + (subject.map { ["-subj", $0] } ?? [])
        process.currentDirectoryURL = directory
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl \(arguments)")
    }

    /// A client that trusts the authority.
    func client(_ change: (inout TLSClientSettings) -> Void = { _ in }) throws -> TLSClientContext {
        var settings = TLSClientSettings()
        settings.authorities = authorities
        change(&settings)
        return try TLSClientContext(settings)
    }

    func server(_ identity: TLSIdentity, _ change: (inout TLSServerSettings) -> Void = { _ in }) throws
        -> TLSServerSettings
    {
        var settings = TLSServerSettings(identity: identity)
        settings.authorities = authorities
        change(&settings)
        return settings
    }
}
