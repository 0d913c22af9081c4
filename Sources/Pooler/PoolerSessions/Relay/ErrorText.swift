import Bytes

/// What an ErrorResponse says, for the log and for decisions. A server may leave out any field.
package struct ErrorText {
    package let severity: String
    package let code: String
    package let message: String

    /// - Parameter response: the whole message with its header.
    init(_ response: ByteSlice) {
        var severity = ""
        var code = ""
        var message = ""
        var position = messageHeaderByteCount
        while position < response.count, response.byte(at: position) != 0 {
            guard let end = response.zero(from: position + 1) else { break }
            let value = response.slice(position + 1, end)
            switch response.byte(at: position) {
            case UInt8(ascii: "S") where severity.isEmpty, UInt8(ascii: "V"): severity = value.text
            case UInt8(ascii: "C"): code = value.text
            case UInt8(ascii: "M"): message = value.text
            default: break
            }
            position = end + 1
        }
        self.severity = severity
        self.code = code
        self.message = message
    }
}
