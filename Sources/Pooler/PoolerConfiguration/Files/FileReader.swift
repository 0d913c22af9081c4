/// Reads files by a closure, so that nothing here touches a disk, and within limits.
struct FileReader {
    private let read: (String) throws -> [UInt8]
    private var filesLeft = ConfigurationLimits.filesMax
    private var bytesLeft = ConfigurationLimits.bytesMax

    init(_ read: @escaping (String) throws -> [UInt8]) { self.read = read }

    /// The bytes of a file.
    mutating func bytes(of path: String) throws(ConfigurationFailure) -> [UInt8] {
        let place = FilePlace(path: path, line: 0)
        guard filesLeft > 0 else {
            throw ConfigurationFailure("more than \(ConfigurationLimits.filesMax) files", place)
        }
        filesLeft -= 1
        let bytes: [UInt8]
        do {
            bytes = try read(path)
        } catch {
            throw ConfigurationFailure("could not load file \"\(path)\"", place, reason: "\(error)")
        }
        guard bytes.count <= bytesLeft else {
            throw ConfigurationFailure("more than \(ConfigurationLimits.bytesMax) bytes", place)
        }
        bytesLeft -= bytes.count
        return bytes
    }

    /// The path of a file that another names, relative to that one's directory.
    static func path(_ name: String, besideFile parent: String) -> String {
        guard !name.hasPrefix("/"), let slash = parent.lastIndex(of: "/") else { return name }
        return parent[...slash] + name
    }
}
