import Bytes

/// Where the pooler writes to one end, at a fixed address, which also stands for its connection.
class EndOutput {
    let output: UnsafeMutablePointer<OutputBuffer>

    init() {
        output = .allocate(capacity: 1)
        output.initialize(to: OutputBuffer())
    }

    deinit {
        output.deinitialize(count: 1)
        output.deallocate()
    }

    var connection: UnsafeMutableRawPointer { UnsafeMutableRawPointer(output) }
}
