/// Why bytes are not a message, or a value cannot become one.
///
/// On the wire all of these are `SQLState.protocolViolation`. The connection cannot be resynchronised after any of them.
package enum WireError: Error, Hashable, Sendable {
    /// A field reaches beyond the end of its message.
    case truncated
    /// The message goes on after its last field.
    case trailingBytes(Int)
    /// A string has no zero byte before the end of its message.
    case unterminatedString
    /// A length or count word is negative or below its minimum.
    case lengthOutOfRange(Int)
    /// A message is longer than the limit that applies.
    case tooLong(byteCount: Int, limit: Int)
    /// No message of this direction has this type byte.
    case unknownMessageType(UInt8)
    /// An authentication request has a code without a meaning.
    case unknownAuthenticationCode(UInt32)
    /// An enumerated byte or word has a value without a meaning.
    case unknownValue(Int)
    /// A text to be sent contains a zero byte, which would end the field early.
    case zeroByteInText
}

extension WireError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated: "a field reaches beyond the end of its message"
        case .trailingBytes(let count): "\(count) bytes follow the last field of the message"
        case .unterminatedString: "a string has no zero byte at its end"
        case .lengthOutOfRange(let length): "a length or count of \(length) is out of range"
        case .tooLong(let byteCount, let limit): "\(byteCount) bytes where at most \(limit) are allowed"
        case .unknownMessageType(let type): "unknown message type \(type)"
        case .unknownAuthenticationCode(let code): "unknown authentication request \(code)"
        case .unknownValue(let value): "a field has the meaningless value \(value)"
        case .zeroByteInText: "a text contains a zero byte"
        }
    }
}
