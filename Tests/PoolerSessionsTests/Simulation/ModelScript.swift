import SeededRandom

/// Requests that a client of the simulation makes.
struct ModelScript {
    /// Bytes of requests that end with so many ReadyForQuery.
    struct Piece {
        var bytes: [UInt8]
        var readyCount: Int
    }

    private let tag: String
    private var random: SeededGenerator
    private var serial = 0
    private var isInTransaction = false
    private static let names = ["", "a", "b", "c", "d"]
    private static let texts = ["x select one", "x select two", "x select three", "x update", "x select bad"]

    init(client: Int, seed: UInt64) {
        tag = "client\(client)"
        random = SeededGenerator(seed: seed)
    }

    /// The next requests; afterwards the client waits for all replies.
    mutating func next() -> Piece {
        var piece = Piece(bytes: [], readyCount: 0)
        if random.isHit(1, of: 30) {
            // Alone: what a pipeline names behind it is not known to be gone.
            return Piece(bytes: WireBytes.query("DISCARD ALL"), readyCount: 1)
        }
        for _ in 0..<(random.isHit(1, of: 3) ? 1 + random.below(12) : 1) { add(&piece) }
        return piece
    }

    /// Ends an open transaction.
    mutating func ending() -> Piece { Piece(bytes: WireBytes.query("\(tag) rollback"), readyCount: 1) }

    private mutating func add(_ piece: inout Piece) {
        serial += 1
        switch random.below(12) {
        case 0...2: simple(&piece)
        case 3: copy(&piece)
        case 4: lone(&piece)
        default: extended(&piece)
        }
    }

    private mutating func simple(_ piece: inout Piece) {
        let verbs = ["select", "two", "many", "fail", "empty", "begin", "begin", "commit", "rollback"]
        let verb = verbs[random.below(verbs.count)]
        piece.bytes += WireBytes.query("\(tag) \(verb) \(serial)")
        piece.readyCount += 1
    }

    private mutating func copy(_ piece: inout Piece) {
        let fails = random.isHit(1, of: 3)
        piece.bytes += WireBytes.query("\(tag) copyin\(fails ? " bad" : "")")
        for _ in 0..<random.below(4) { piece.bytes += WireBytes.message("d", Array("\(serial)\n".utf8)) }
        piece.bytes += random.isHit(1, of: 4) ? WireBytes.message("f", WireBytes.text("no")) : WireBytes.message("c")
        piece.readyCount += 1
    }

    /// What needs no server, or hardly one.
    private mutating func lone(_ piece: inout Piece) {
        if random.isHit(1, of: 2) { piece.bytes += WireBytes.message("H") }
        piece.bytes += WireBytes.sync
        piece.readyCount += 1
    }

    private mutating func extended(_ piece: inout Piece) {
        for _ in 0..<(1 + random.below(3)) {
            let name = Self.names[random.below(Self.names.count)]
            if random.isHit(1, of: 3) {
                piece.bytes += WireBytes.parse(name, Self.texts[random.below(Self.texts.count)])
            }
            if random.isHit(1, of: 5) { piece.bytes += WireBytes.describe("S", name) }
            if random.isHit(4, of: 5) {
                piece.bytes += WireBytes.bind(name, [tag, "\(serial)"])
                if random.isHit(1, of: 3) { piece.bytes += WireBytes.describe("P", "") }
                piece.bytes += WireBytes.execute()
            }
            if random.isHit(1, of: 6) { piece.bytes += WireBytes.close("S", name) }
        }
        piece.bytes += WireBytes.sync
        piece.readyCount += 1
    }
}
