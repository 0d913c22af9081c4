import Foundation
package import Logging

/// swift-log's back end for all of Atoll: renders each event as one line and hands it to a sink.
package struct LineLogHandler<Sink: LogSink>: LogHandler {
    /// The least level that is written.
    package var logLevel: Logger.Level
    /// Metadata of every event of this logger.
    package var metadata: Logger.Metadata = [:]
    /// Metadata that depends on the task at hand.
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let format: LogFormat
    private let sink: Sink

    /// Makes a handler for one logger.
    package init(
        label: String, format: LogFormat, level: Logger.Level, sink: Sink,
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.label = label
        self.format = format
        self.sink = sink
        self.logLevel = level
        self.metadataProvider = metadataProvider
    }

    /// One metadata value of this logger.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one event. What the call site says wins over the logger's metadata, and that over the provider's.
    package func log(event: LogEvent) {
        var merged = metadataProvider?.get() ?? [:]
        merged.merge(metadata) { _, own in own }
        if let error = event.error { merged["error"] = .string("\(error)") }
        if let given = event.metadata { merged.merge(given) { _, given in given } }
        let line = LogLine(
            moment: Date(), level: event.level, label: label, message: event.message.description, metadata: merged)
        sink.write(line.rendered(as: format))
    }
}
