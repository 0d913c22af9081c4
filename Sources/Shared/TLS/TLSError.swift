import COpenSSL

/// A setting that OpenSSL did not take.
package struct TLSError: Error, CustomStringConvertible {
    /// Which part of the settings.
    package enum Step: Sendable {
        case context, certificate, key, authorities, ciphers, cipherSuites, versions, dhParameters, protocols, groups
        case serverName
    }

    package let step: Step
    /// The file, or the words, that it is about.
    package let subject: String
    /// In OpenSSL's words.
    package let reason: String

    /// Takes the reason from OpenSSL's queue.
    init(_ step: Step, _ subject: String) {
        self.step = step
        self.subject = subject
        reason = OpenSSLQueue.takeText()
    }

    package var description: String {
        // As PgBouncer's log has it: those of TLS 1.3 are a setting of their own.
        step == .cipherSuites
            ? "failed to set the TLSv1.3 cipher suites \(subject): \(reason)" : "\(step) \(subject): \(reason)"
    }
}

/// OpenSSL's errors of this thread.
enum OpenSSLQueue {
    /// The first error in words; the queue is empty afterwards.
    static func takeText() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return "unknown error" }
        var text = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(code, &text, text.count)
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
