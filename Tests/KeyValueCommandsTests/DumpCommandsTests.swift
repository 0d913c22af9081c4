import Bytes
import Testing

@testable import KeyValueCommands

@Suite struct DumpCommandsTests {
    /// What redis-server 7.0.15 answers to DUMP after the same commands.
    @Test(arguments: [
        (["set k 1"], "00c0010a002678e7b6d10111fc")
    ])
    func writesWhatRedisWrites(_ commands: [String], _ payload: String) {
        let client = Conversation()
        for command in commands { _ = client.ask(command) }
        #expect(client.askBytes(["dump", "k"]) == "$\(payload.count / 2) " + payload)
    }

    @Test func missingKey() {
        #expect(Conversation().ask("dump nothing") == "$-1")
    }
}
