import HTTPTypes
import Hummingbird

extension Response {
    /// Sets a header field that HTTP itself does not name.
    mutating func setHeader(_ name: String, to value: String) {
        guard let name = type(of: headers).Element.Name(name) else { preconditionFailure("not a header name: \(name)") }
        headers[name] = value
    }
}
