import CMemory

extension UnsafeMutablePointer where Pointee == Engine {
    /// Evicts keys until a write fits into maxmemory.
    /// - Returns: false when it does not fit.
    func makeRoomForWrite() -> Bool {
        atoll_memory_used() <= pointee.settings.maxMemoryByteCount
    }
}
