/// Bounds of what the console takes, in bytes.
enum ConsoleLimits {
    /// The longest message of a client.
    static let messageByteCountMax = 16 << 10
    /// The longest word that is a command.
    static let commandByteCountMax = 15
    /// The longest argument: names of databases have no more.
    static let argumentByteCountMax = 63
    /// The longest value of SET: paths of files are such.
    static let valueByteCountMax = 4096
}
