import CAtoll
import Glibc
import KeyValueCommands

/// Which processors the threads of a server run on: server_cpulist for the loop, bio_cpulist and the others for those that
/// help it.
struct ThreadPlacement: Sendable {
    private let loop: String
    private let helpers: String
    private let snapshot: String
    private let rewrite: String
    /// What the process was given: threads take over the loop's processors, and those without a list of their own must
    /// not stay there.
    private let initial: [Int32]

    /// To be made by the first thread before anything else is placed.
    init(_ configuration: Configuration) {
        loop = configuration["server_cpulist"]
        helpers = configuration["bio_cpulist"]
        snapshot = configuration["bgsave_cpulist"]
        rewrite = configuration["aof_rewrite_cpulist"]
        var processors = [Int32](repeating: 0, count: 1024)
        let count = atoll_thread_processors(&processors, Int32(processors.count))
        initial = Array(processors.prefix(Int(count)))
    }

    /// Lists that are none, or name no processor of this machine: to be logged.
    func placeLoop(refused: (String) -> Void) {
        for text in [loop, helpers, snapshot, rewrite] where !text.isEmpty && ProcessorList(text) == nil {
            refused("'\(text)' is no list of processors: threads run where the kernel puts them.")
        }
        guard let list = ProcessorList(loop) else { return }
        if atoll_set_thread_processors(list.processors, Int32(list.processors.count)) != 0 {
            refused("The event loop cannot run on processors \(loop): \(String(cString: strerror(errno)))")
        }
    }

    /// Places the calling thread, which frees memory and does other small work.
    func placeHelper() { place(helpers) }

    /// Places the calling thread, which writes a snapshot.
    func placeSnapshot() { place(snapshot) }

    /// Places the calling thread, which rewrites the append-only file.
    func placeRewrite() { place(rewrite) }

    private func place(_ text: String) {
        let processors = ProcessorList(text)?.processors ?? initial
        guard atoll_set_thread_processors(processors, Int32(processors.count)) != 0 else { return }
        atoll_set_thread_processors(initial, Int32(initial.count))
    }
}
