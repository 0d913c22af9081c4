/// Passwords that the platform makes for its users.
enum Passwords {
    static let prefix = "AVNS_"
    /// 64 characters, all of which stand in a URL unescaped.
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-".utf8)

    /// `AVNS_` + 19 URL-safe characters: 114 random bits from the system's secure generator.
    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        let characters = (0..<19).map { _ in
            alphabet[Int(UInt8.random(in: 0..<64, using: &generator))]
        }
        return prefix + String(decoding: characters, as: UTF8.self)
    }
}
