import CAtoll
import Glibc

/// One process to start: the Swift face of `atoll_spawn`. Synchronous; it returns once the executable runs.
struct SpawnRequest {
    var executable: String
    var arguments: [String] = []
    var environment: [String: String] = [:]
    var workingDirectory: String?
    /// -1: /dev/null, for all three.
    var standardInput: Int32 = -1
    var standardOutput: Int32 = -1
    var standardError: Int32 = -1
    var listeners: [Int32] = []
    /// Own session and own process group.
    var newSession = true
    /// Hand the process to init: nobody here ever waits for it.
    var detach = false
    var userID: UInt32?
    var groupID: UInt32?
    var noNewPrivileges = false
    var filesystemRules: ChildSpecification.FilesystemRules?
    /// 0: none. It follows the thread that starts the process, so only a program with one thread can use it.
    var parentDeathSignal: Int32 = 0
    /// -1: keep ours.
    var fileModeMask: Int32 = -1

    /// What a spawn gives.
    struct Started {
        var pid: Int32
        /// 0: not asked for, or this kernel has no Landlock.
        var landlockABI: Int32
    }

    func spawn() throws(SpawnFailure) -> Started {
        let rules = filesystemRules
        let argumentList = CStrings([executable] + arguments)
        let environmentList = CStrings(environment.map { "\($0.key)=\($0.value)" }.sorted())
        let readList = CStrings(rules?.readPaths ?? [])
        let writeList = CStrings(rules?.writePaths ?? [])
        let directory = CStrings(workingDirectory.map { [$0] } ?? [])
        guard [argumentList, environmentList, readList, writeList, directory].allSatisfy(\.isFaithful) else {
            throw SpawnFailure(step: .arguments, errorNumber: EINVAL, executable: executable)
        }
        var result = atoll_spawn_result()
        var request = flags
        let outcome = listeners.withUnsafeBufferPointer { listeners in
            withExtendedLifetime((argumentList, environmentList, readList, writeList, directory)) {
                request.executable = UnsafePointer(argumentList.base[0])
                request.arguments = UnsafePointer(argumentList.base)
                request.environment = UnsafePointer(environmentList.base)
                request.working_directory = UnsafePointer(directory.base[0])
                request.read_paths = readList.constantBase
                request.write_paths = writeList.constantBase
                request.listeners = listeners.baseAddress
                request.listener_count = listeners.count
                return atoll_spawn(&request, &result)
            }
        }
        guard outcome == 0 else {
            throw SpawnFailure(
                step: SpawnStep(number: result.step), errorNumber: result.error_number, executable: executable)
        }
        return Started(pid: result.pid, landlockABI: result.landlock_abi)
    }

    /// The fields that hold no pointer.
    private var flags: atoll_spawn_request {
        var request = atoll_spawn_request()
        request.standard_input = standardInput
        request.standard_output = standardOutput
        request.standard_error = standardError
        request.new_session = newSession
        request.detach = detach
        request.set_user = userID != nil
        request.user = userID ?? 0
        request.set_group = groupID != nil
        request.group = groupID ?? 0
        request.no_new_privileges = noNewPrivileges
        request.use_landlock = filesystemRules != nil
        request.parent_death_signal = parentDeathSignal
        request.umask = fileModeMask
        return request
    }
}

/// A list of C strings with NULL at its end, freed with the object.
private final class CStrings {
    let base: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int
    /// False when a text held a NUL byte (it would arrive cut) or memory ran out.
    let isFaithful: Bool

    init(_ strings: [String]) {
        count = strings.count
        base = .allocate(capacity: strings.count + 1)
        for (index, string) in strings.enumerated() { (base + index).initialize(to: strdup(string)) }
        (base + strings.count).initialize(to: nil)
        isFaithful = strings.allSatisfy { !$0.utf8.contains(0) }
    }

    /// The same list for C functions that want `const char *const *`.
    var constantBase: UnsafePointer<UnsafePointer<CChar>?> {
        UnsafeRawPointer(base).assumingMemoryBound(to: UnsafePointer<CChar>?.self)
    }

    deinit {
        for index in 0..<count { free(base[index]) }
        base.deallocate()
    }
}
