import Bytes
import KeyValuePersistence
import Keyspace
import RESP

/// DUMP and RESTORE.
enum DumpCommands {
    static func dump(_ call: inout Call) {
        guard let entry = call.read(call[1]).entry else { return call.reply.null() }
        let state = call.engine.pointee.extensions.part(DumpState.self) { DumpState() }
        state.prepare(call.settings)
        state.writer.write(entry.record) { state.payload.append($0) }
        call.reply.bulk(state.payload.readable)
        state.forgetPayload()
    }
}

/// Buffers and tables that DUMP and RESTORE use again and again.
final class DumpState {
    var writer = DumpWriter(version: 10, compresses: true)
    var payload = OutputBuffer()

    /// What the buffer keeps between commands.
    private static let keptByteCountMax = 1 << 16

    init() {}

    /// Has payloads written as the settings say.
    func prepare(_ settings: EngineSettings) {
        guard writer.version != settings.rdbVersion || writer.compresses != settings.compressesStrings else { return }
        writer = DumpWriter(version: settings.rdbVersion, compresses: settings.compressesStrings)
    }

    func forgetPayload() {
        payload.removeAll()
        if payload.reservedByteCount > Self.keptByteCountMax { payload.release() }
    }
}
