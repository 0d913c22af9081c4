import Testing

/// The rules are only as good as the reader under them.
@Suite("Reading Swift code")
struct SwiftCodeTests {
    @Test(
        "Comments and strings are blanked, code stays",
        arguments: [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            (#"f("x\"y") g"#, "f(      ) g"),
            (#"f("x\(y)z")"#, "f(    y   )"),
            (#"f("x\(g("q"))z") h"#, "f(    g(   )   ) h"),
            (##"f(#"x"y\(z)"#)"##, "f(           )"),
            ("\"\"\"\na \" b\n\"\"\" c", "   \n     \n    c"),
            ("a / b", "a / b"),
        ])
    func stripping(text: String, expected: String) {
        #expect(SwiftCode.strippingCommentsAndStrings(text) == expected)
    }

    @Test(
        "Functions are found with their length, declarations without a body are not",
        arguments: [
            ("func a() {\n}\n", [2]),
            ("func a() { }", [1]),
            ("protocol P {\n  func a()\n  var b: Int { get }\n}", []),
            ("protocol P {\n  func a() -> Int\n}", []),
            ("func a(\n  b: Int = { 1 }()\n) -> Int {\n  if b { }\n  return 1\n}", [6]),
            ("init() { self.init(x) { } }", [1]),
            ("func a() {\n  func b() {\n  }\n}", [4, 2]),
            ("let function = functions.init", []),
            ("func a() { // }\n}\n", [2]),
        ] as [(String, [Int])])
    func functions(text: String, lengths: [Int]) {
        #expect(SwiftCode.functions(in: text).map(\.lineCount) == lengths)
    }
}
