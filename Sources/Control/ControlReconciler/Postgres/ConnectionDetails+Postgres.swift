import ControlModel

extension ConnectionDetails {
    /// Connection details of a PostgreSQL database, with the URI that every driver takes.
    static func postgres(host: String, port: Int, user: String, password: String, database: String) -> Self {
        let authority = host.contains(":") ? "[\(host)]" : host
        let login = "\(escape(user)):\(escape(password))"
        return ConnectionDetails(
            uri: "postgresql://\(login)@\(authority):\(port)/\(escape(database))?sslmode=require", host: host,
            port: port, user: user, password: password, database: database, requiresTLS: true)
    }

    /// Percent-encodes everything but RFC 3986's unreserved characters.
    static func escape(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var escaped: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: escaped.append(byte)
            default: escaped += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
