package import Bytes
package import Keyspace
package import RESP

/// One execution of a command: what a handler is given.
package struct Call {
    package let engine: EngineReference
    package let client: ClientReference
    /// The request; 0 is the name of the command.
    package let arguments: Arguments
    package let command: UnsafeMutablePointer<Command>
    package let reply: ReplyWriter
    /// Whether the command runs again for a client that it blocked before.
    package let isRetry: Bool

    /// The number of arguments, the command's name included.
    @inline(__always) package var count: Int { arguments.count }
    /// Milliseconds since 1970; stands still while a command runs.
    @inline(__always) package var now: Int64 { engine.pointee.now }
    @inline(__always) package var settings: EngineSettings {
        _read { yield engine.pointee.settings }
    }
    /// How large small encodings may grow.
    @inline(__always) package var encoding: EncodingLimits { engine.pointee.settings.encoding }
    /// The selected database.
    @inline(__always)
    package var database: UnsafeMutablePointer<Database> {
        engine.pointee.databases + client.pointee.databaseIndex
    }

    @inline(__always)
    package subscript(_ index: Int) -> ByteSlice { arguments[index] }

    // MARK: - Errors

    /// Replies an error, its code included ("ERR …"), and counts it.
    package func error(_ text: String) {
        engine.countError(text)
        reply.error(text)
    }

    package func syntaxError() { error("ERR syntax error") }
    package func wrongType() { error("WRONGTYPE Operation against a key holding the wrong kind of value") }
    package func notAnInteger() { error("ERR value is not an integer or out of range") }
    package func notAFloat() { error("ERR value is not a valid float") }
    package func noSuchKey() { error("ERR no such key") }
    package func outOfRange() { error("ERR index out of range") }
    package func wrongArgumentCount() {
        error("ERR wrong number of arguments for '\(command.pointee.fullName)' command")
    }

    // MARK: - Arguments

    /// The argument as an integer; nil once the error has been replied.
    package func integer(_ index: Int) -> Int64? {
        if let value = Decimal.parse(arguments[index]) { return value }
        notAnInteger()
        return nil
    }

    /// The argument as an integer within bounds; nil once the error has been replied.
    package func integer(_ index: Int, in range: ClosedRange<Int64>, error text: String) -> Int64? {
        guard let value = Decimal.parse(arguments[index]), range.contains(value) else {
            error(text)
            return nil
        }
        return value
    }

    /// Whether the argument is the word, which is given in lower case, in any case of letters.
    @inline(__always)
    package func matches(_ index: Int, _ lowercaseWord: StaticString) -> Bool {
        arguments[index].equalsIgnoringCase(lowercaseWord)
    }
}
