import Testing

@testable import KeyValueCommands

@Suite struct TitleTemplateTests {
    @Test(arguments: [
        ("{title} {listen-addr} {server-mode}", "kv *:6379"), (" {title} ", "kv"), ("{{{title}}", "{kv}"), ("}", "}"),
        ("", ""),
    ])
    func expansion(template: String, title: String) {
        let values = ["title": "kv", "listen-addr": "*:6379", "server-mode": ""]
        #expect(TitleTemplate.expand(template) { values[$0] } == title)
    }

    @Test(arguments: ["", " ", "{", "{title", "{other}", "{title}", "{server-mode}"])
    func whatIsRefused(template: String) {
        #expect(!TitleTemplate.isValid(template))
    }
}
