import Testing

@testable import KeyValueServer

@Suite struct ProcessorListTests {
    @Test(arguments: [
        ("0", [0]), ("0,2,3", [0, 2, 3]), ("0,2-3", [0, 2, 3]), ("0-20:10", [0, 10, 20]), ("3,1-2,2", [1, 2, 3]),
        ("1023", [1023]),
    ])
    func lists(text: String, processors: [Int32]) {
        #expect(ProcessorList(text)?.processors == processors)
    }

    @Test(arguments: [
        "", "a", "1,", ",1", "-1", "1-", "3-1", "0-4:0", "0:2", "1024", "0-99999999999999999999", "1 2", "٣", "0-4:2:2",
    ])
    func whatIsNoList(text: String) {
        #expect(ProcessorList(text) == nil)
    }
}
