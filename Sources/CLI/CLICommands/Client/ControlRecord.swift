import Foundation

/// `run/control.json` in the data directory: how to reach the control process that serves this directory.
///
/// `atoll up` writes it when the API listens; the other commands read it. It holds no secret, only where they are.
package struct ControlRecord: Codable, Sendable, Equatable {
    package static let currentVersion = 1
    /// A record is a few hundred bytes; more than this is some other file.
    static let sizeMax = 64 << 10

    package var version: Int
    package var apiURL: String
    package var caFile: String
    package var tokenFile: String
    package var metricsURL: String?

    enum CodingKeys: String, CodingKey {
        case version
        case apiURL = "api_url"
        case caFile = "ca_file"
        case tokenFile = "token_file"
        case metricsURL = "metrics_url"
    }

    package init(apiURL: String, caFile: String, tokenFile: String, metricsURL: String?) {
        self.version = Self.currentVersion
        self.apiURL = apiURL
        self.caFile = caFile
        self.tokenFile = tokenFile
        self.metricsURL = metricsURL
    }

    package static func path(inDataDirectory directory: String) -> String { directory + "/run/control.json" }

    /// The record of a data directory; nil when there is none.
    package static func read(inDataDirectory directory: String) throws -> ControlRecord? {
        let path = path(inDataDirectory: directory)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let record: ControlRecord
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            record = try JSONDecoder().decode(ControlRecord.self, from: file.read(upToCount: sizeMax) ?? Data())
        } catch {
            throw CommandError(
                "\(path) cannot be read as the record of a running Atoll: \(error.localizedDescription)",
                advice: "Start Atoll again (`atoll up`), which writes it anew, or name the API with --api-url.")
        }
        guard record.version == currentVersion else {
            throw CommandError(
                "\(path) has version \(record.version); this atoll understands version \(currentVersion).",
                advice: "Use the atoll that runs `atoll up`, or name the API with --api-url.")
        }
        return record
    }

    /// Writes the record in one step: a reader sees the old one or the new one.
    package func write(inDataDirectory directory: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let url = URL(fileURLWithPath: Self.path(inDataDirectory: directory))
        try encoder.encode(self).write(to: url, options: .atomic)
    }
}
