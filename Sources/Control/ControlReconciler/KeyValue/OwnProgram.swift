import Glibc

/// This program, as a server that is the same program under another OS user finds it.
struct OwnProgram: Sendable, Equatable {
    /// What to execute.
    var path: String
    /// What has to be readable for that besides the system: the program, and libraries that lie elsewhere.
    var readPaths: [String]

    /// - Parameter executable: the program's real path.
    init(executable: String) {
        readPaths = [executable] + Self.libraryDirectories(maps: DurableFile.read("/proc/self/maps") ?? "")
        // From a directory that other users cannot pass, the shim's own link leads to the same file.
        path = Self.canBeReached(executable) ? executable : "/proc/self/exe"
    }

    /// Directories of the shared libraries that this process has loaded. An installed program brings its runtime along;
    /// one that was built for its tests has it in the compiler's directory.
    static func libraryDirectories(maps: String) -> [String] {
        var directories: [String] = []
        for line in maps.split(separator: "\n") {
            // Address, rights, offset, device, inode, path (proc(5)).
            guard let start = line.firstIndex(of: "/"), line[start...].contains(".so"),
                let end = line.lastIndex(of: "/")
            else { continue }
            let directory = String(line[start..<end])
            if !directory.hasPrefix("/usr/"), !directory.hasPrefix("/lib"), !directories.contains(directory) {
                directories.append(directory)
            }
        }
        return directories
    }

    /// Any user may execute the file, and pass every directory above it.
    private static func canBeReached(_ file: String) -> Bool {
        var path = file
        while let slash = path.lastIndex(of: "/"), path != "/" {
            guard let mode = DurableFile.mode(path), mode & 0o001 != 0 else { return false }
            path = slash == path.startIndex ? "/" : String(path[..<slash])
        }
        return true
    }
}
