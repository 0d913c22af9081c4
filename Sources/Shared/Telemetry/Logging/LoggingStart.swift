package import Logging

/// Points swift-log at standard error or at a file.
package enum LoggingStart {
    /// Call once, first thing in a program: every logger made afterwards writes in this format from this level up.
    package static func bootstrap(format: LogFormat, level: Logger.Level) {
        LoggingSystem.bootstrap { label in
            LineLogHandler(label: label, format: format, level: level, sink: StandardErrorSink())
        }
    }

    /// The same, into a file that is put aside when it is full.
    package static func bootstrap(format: LogFormat, level: Logger.Level, file: RotatingFileSink) {
        LoggingSystem.bootstrap { label in
            LineLogHandler(label: label, format: format, level: level, sink: file)
        }
    }
}
