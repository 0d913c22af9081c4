// Conversations on places. Replies are those of redis-server 7.0.15.

import Testing

@testable import KeyValueCommands

@Suite("Commands of places")
struct GeoCommandsTests {
    /// Request, reply in RESP2, reply in RESP3 where it differs; one after the other on the same keys.
    private static let places: [(String, String, String)] = [
        ("GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", ":2", ""),
        ("GEOADD g NX XX 1 1 a", "-ERR syntax error", ""),
        ("GEOADD g 200 1 a", "-ERR invalid longitude,latitude pair 200.000000,1.000000", ""),
        ("GEOADD g 1 100 a", "-ERR invalid longitude,latitude pair 1.000000,100.000000", ""),
        ("GEOADD g 1 x a", "-ERR value is not a valid float", ""),
        ("GEOADD g 1 1", "-ERR wrong number of arguments for 'geoadd' command", ""),
        ("GEOADD g CH 13.5 38 Palermo", ":1", ""),
        ("GEODIST g Palermo Catania", "$11|150148.5551", ""),
        ("GEODIST g Palermo Catania km", "$8|150.1486", ""),
        ("GEODIST g Palermo Catania xx", "-ERR unsupported unit provided. please use M, KM, FT, MI", ""),
        ("GEODIST g Palermo nope", "$-1", "_"),
        (
            "GEOHASH g Palermo Catania nope",
            "*3|$11|sqc85jwqhc0|$11|sqdtr74hyu0|$-1",
            "*3|$11|sqc85jwqhc0|$11|sqdtr74hyu0|_"
        ),
        (
            "GEOPOS g Palermo nope",
            "*2|*2|$20|13.50000053644180298|$19|38.0000009925631943|*-1",
            "*2|*2|,13.50000053644180298|,38.0000009925631943|_"
        ),
        (
            "GEORADIUS g 15 37 200 km WITHDIST WITHCOORD WITHHASH ASC",
            "*2|*4|$7|Catania|$7|56.4413|:3479447370796909|*2|$20|15.08726745843887329|$20|"
                + "37.50266842333162032|*4|$7|Palermo|$8|172.8860|:3479097324432493|*2|$20|13.50000053644180298|"
                + "$19|38.0000009925631943",
            "*2|*4|$7|Catania|$7|56.4413|:3479447370796909|*2|,15.08726745843887329|,37.50266842333162032|"
                + "*4|$7|Palermo|$8|172.8860|:3479097324432493|*2|,13.50000053644180298|,38.0000009925631943"
        ),
        ("GEORADIUS g 15 37 200 km COUNT 1", "*1|$7|Catania", ""),
        ("GEORADIUS g 15 37 200 km COUNT 0", "-ERR COUNT must be > 0", ""),
        ("GEORADIUS g 15 37 200 km ANY", "-ERR the ANY argument requires COUNT argument", ""),
        ("GEORADIUS g 15 37 -1 km", "-ERR radius cannot be negative", ""),
        ("GEORADIUS g 15 37 a km", "-ERR need numeric radius", ""),
        ("GEORADIUS g 15 37 200 km STORE gg", ":2", ""),
        (
            "ZRANGE gg 0 -1 WITHSCORES",
            "*4|$7|Palermo|$16|3479097324432493|$7|Catania|$16|3479447370796909",
            "*2|*2|$7|Palermo|,3479097324432493|*2|$7|Catania|,3479447370796909"
        ),
        (
            "GEORADIUS g 15 37 200 km STORE gg WITHDIST",
            "-ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
            ""
        ),
        ("GEORADIUS_RO g 15 37 200 km STORE gg", "-ERR syntax error", ""),
        ("GEORADIUSBYMEMBER g Palermo 200 km DESC", "*2|$7|Catania|$7|Palermo", ""),
        ("GEORADIUSBYMEMBER g nope 200 km", "-ERR could not decode requested zset member", ""),
        ("GEORADIUSBYMEMBER nokey nope 200 km", "*0", ""),
        ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC", "*2|$7|Catania|$7|Palermo", ""),
        (
            "GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHDIST",
            "*2|*2|$7|Catania|$7|56.4413|*2|$7|Palermo|$8|172.8860",
            ""
        ),
        (
            "GEOSEARCH g FROMMEMBER Palermo BYBOX 400 400 km DESC WITHCOORD",
            "*2|*2|$7|Catania|*2|$20|15.08726745843887329|$20|37.50266842333162032|*2|$7|Palermo|*2|$20|"
                + "13.50000053644180298|$19|38.0000009925631943",
            "*2|*2|$7|Catania|*2|,15.08726745843887329|,37.50266842333162032|*2|$7|Palermo|*2|"
                + ",13.50000053644180298|,38.0000009925631943"
        ),
        ("GEOSEARCH g FROMMEMBER nope BYBOX 400 400 km", "-ERR could not decode requested zset member", ""),
        ("GEOSEARCH g FROMLONLAT 15 37", "-ERR wrong number of arguments for 'geosearch' command", ""),
        ("GEOSEARCH g BYRADIUS 1 km", "-ERR wrong number of arguments for 'geosearch' command", ""),
        ("GEOSEARCH g FROMLONLAT 15 37 FROMMEMBER Palermo BYRADIUS 1 km", "-ERR syntax error", ""),
        ("GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km BYBOX 1 1 km", "-ERR syntax error", ""),
        ("GEOSEARCH nokey FROMLONLAT 15 37 BYRADIUS 1 km", "*0", ""),
        ("GEOSEARCHSTORE gd g FROMLONLAT 15 37 BYBOX 400 400 km STOREDIST", ":2", ""),
        ("ZRANGE gd 0 -1", "*2|$7|Catania|$7|Palermo", ""),
        (
            "GEOSEARCHSTORE gd g FROMLONLAT 15 37 BYBOX 400 400 km WITHDIST",
            "-ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
            ""
        ),
        ("GEOSEARCHSTORE gd nokey FROMLONLAT 15 37 BYBOX 400 400 km", ":0", ""),
        ("EXISTS gd", ":0", ""),
    ]

    @Test("Places", arguments: [2, 3] as [UInt8])
    func places(version: UInt8) { follow(Self.places, version: version) }

    @Test("Scores that no place has are read as Redis reads them")
    func foreignScores() {
        let client = Conversation()
        #expect(client.ask("ZADD g -5 negative 1e300 huge inf infinite -1e300 least") == ":4")
        #expect(client.ask("GEOHASH g negative huge") == "*2|$11|bp05b5048p0|$11|00bh0hbj200")
        #expect(client.ask("GEODIST g huge infinite") == "$6|0.0000")
        #expect(client.ask("GEOPOS g least").hasPrefix("*1|*2|"))
    }

    private func follow(_ story: [(String, String, String)], version: UInt8) {
        let client = Conversation(version: version)
        for (request, old, new) in story {
            let expected = version == 3 && !new.isEmpty ? new : old
            #expect(client.ask(request) == expected, "\(request)")
        }
    }

}
