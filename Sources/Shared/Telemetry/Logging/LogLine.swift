package import Foundation
package import Logging

/// One event on its way to a line of text. Rendering is pure: the same event always gives the same line.
package struct LogLine: Sendable {
    /// When it happened.
    package var moment: Date
    /// How much it matters.
    package var level: Logger.Level
    /// Which logger said it.
    package var label: String
    /// What happened.
    package var message: String
    /// To what, and with which numbers.
    package var metadata: Logger.Metadata

    /// Makes an event.
    package init(
        moment: Date, level: Logger.Level, label: String, message: String, metadata: Logger.Metadata = [:]
    ) {
        self.moment = moment
        self.level = level
        self.label = label
        self.message = message
        self.metadata = metadata
    }

    /// The event as one line, newline included. Nothing inside can start a second line.
    package func rendered(as format: LogFormat) -> String {
        switch format {
        case .text: Self.cut(text, to: LogLimits.lineBytesMax) + "\n"
        case .json: json + "\n"
        }
    }

    private var text: String {
        var line = "\(LogTimestamp.text(moment)) \(level.rawValue) "
        LogEscape.appendText(message, to: &line)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " "
            LogEscape.appendKey(key, to: &line)
            line += "="
            LogEscape.appendValue(value.description, to: &line)
        }
        return line
    }

    private var json: String {
        // A cut object would be no JSON; the long part is cut before it is written.
        let messageBytesMax = LogLimits.lineBytesMax / 4
        var line = "{\"time\":\"\(LogTimestamp.text(moment))\",\"level\":\"\(level.rawValue)\",\"logger\":"
        LogEscape.appendJSON(label, to: &line)
        line += ",\"message\":"
        LogEscape.appendJSON(Self.cut(message, to: messageBytesMax), to: &line)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            var field = ","
            LogEscape.appendJSON(Self.reservedKeys.contains(key) ? key + "_" : key, to: &field)
            field += ":"
            Self.appendJSON(value, to: &field)
            guard line.utf8.count + field.utf8.count < LogLimits.lineBytesMax else {
                line += ",\"truncated\":true"
                break
            }
            line += field
        }
        return line + "}"
    }

    private static let reservedKeys: Set<String> = ["time", "level", "logger", "message", "truncated"]

    private static func appendJSON(_ value: Logger.MetadataValue, to line: inout String) {
        switch value {
        case .string(let text): LogEscape.appendJSON(text, to: &line)
        case .stringConvertible(let described): LogEscape.appendJSON(described.description, to: &line)
        case .array(let values):
            line += "["
            for (index, element) in values.enumerated() {
                if index > 0 { line += "," }
                appendJSON(element, to: &line)
            }
            line += "]"
        case .dictionary(let fields):
            line += "{"
            for (index, field) in fields.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { line += "," }
                LogEscape.appendJSON(field.key, to: &line)
                line += ":"
                appendJSON(field.value, to: &line)
            }
            line += "}"
        }
    }

    /// The text, or as much of its front as fits with a mark that it was cut.
    private static func cut(_ text: String, to bytesMax: Int) -> String {
        guard text.utf8.count > bytesMax else { return text }
        let mark = "…"
        var kept = ""
        var bytes = mark.utf8.count
        for scalar in text.unicodeScalars {
            bytes += scalar.utf8.count
            guard bytes <= bytesMax else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept + mark
    }
}
