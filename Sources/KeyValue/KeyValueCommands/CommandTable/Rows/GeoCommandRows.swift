// The rows of the command table for positions on earth. `CommandRow` says what each part means.

extension CommandTable {
    static let geoRows: [CommandRow] = [
        CommandRow(
            "geoadd", .geo, since: "3.2.0", arity: -5, [.write, .denyOutOfMemory], acl: [.geo],
            summary: "Adds members with their longitude and latitude.",
            complexity: "O(log(N)) a member, N members in the set",
            keys: [.index(1, [.readWrite, .update])],
            syntax: """
                key [condition(NX|XX)@6.2.0] [CH change:token@6.2.0] data(longitude:double latitude:double member)...
                """,
            handler: GeoCommands.geoadd
        ),
        CommandRow(
            "geodist", .geo, since: "3.2.0", arity: -4, [.readOnly], acl: [.geo],
            summary: "Tells the distance between two members.",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key member1 member2 [unit(M|KM|FT|MI)]",
            handler: GeoCommands.geodist
        ),
        CommandRow(
            "geohash", .geo, since: "3.2.0", arity: -2, [.readOnly], acl: [.geo],
            summary: "Returns the geohash of members.",
            complexity: "O(1) a member",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key [member...]",
            handler: GeoCommands.geohash
        ),
        CommandRow(
            "geopos", .geo, since: "3.2.0", arity: -2, [.readOnly], acl: [.geo],
            summary: "Returns the longitude and latitude of members.",
            complexity: "O(1) a member",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key [member...]",
            handler: GeoCommands.geopos
        ),
        CommandRow(
            "georadius", .geo, since: "3.2.0", arity: -6, [.write, .denyOutOfMemory], acl: [.geo],
            summary: "Finds, and may store, the members within a distance of a point.",
            complexity: "O(N+log(M)), N members in the bounding box, M in the set",
            deprecation: .init(since: "6.2.0", replacement: "`GEOSEARCH` and `GEOSEARCHSTORE` with `BYRADIUS`"),
            keys: [
                .index(1, [.readOnly, .access]),
                .keyword("STORE", from: 6, [.overwrite, .update]),
                .keyword("STOREDIST", from: 6, [.overwrite, .update]),
            ],
            syntax: """
                key longitude:double latitude:double radius:double unit(M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] \
                [count-block(COUNT count:int [ANY@6.2.0])] [order(ASC|DESC)] [store(STORE storekey:key1/key|\
                STOREDIST storedistkey:key2/key)]
                """,
            handler: GeoSearchCommands.georadius
        ),
        CommandRow(
            "georadiusbymember", .geo, since: "3.2.0", arity: -5, [.write, .denyOutOfMemory], acl: [.geo],
            summary: "Finds, and may store, the members within a distance of another member.",
            complexity: "O(N+log(M)), N members in the bounding box, M in the set",
            deprecation: .init(
                since: "6.2.0", replacement: "`GEOSEARCH` and `GEOSEARCHSTORE` with `BYRADIUS` and `FROMMEMBER`"),
            keys: [
                .index(1, [.readOnly, .access]),
                .keyword("STORE", from: 5, [.overwrite, .update]),
                .keyword("STOREDIST", from: 5, [.overwrite, .update]),
            ],
            syntax: """
                key member radius:double unit(M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] \
                [count-block(COUNT count:int [ANY])] [order(ASC|DESC)] [store(STORE storekey:key1/key|\
                STOREDIST storedistkey:key2/key)]
                """,
            handler: GeoSearchCommands.georadiusbymember
        ),
        CommandRow(
            "georadiusbymember_ro", .geo, since: "3.2.10", arity: -5, [.readOnly], acl: [.geo],
            summary: "Finds the members within a distance of another member.",
            complexity: "O(N+log(M)), N members in the bounding box, M in the set",
            deprecation: .init(since: "6.2.0", replacement: "`GEOSEARCH` with `BYRADIUS` and `FROMMEMBER`"),
            keys: [.index(1, [.readOnly, .access])],
            syntax: """
                key member radius:double unit(M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] \
                [count-block(COUNT count:int [ANY])] [order(ASC|DESC)]
                """,
            handler: GeoSearchCommands.georadiusbymemberReadOnly
        ),
        CommandRow(
            "georadius_ro", .geo, since: "3.2.10", arity: -6, [.readOnly], acl: [.geo],
            summary: "Finds the members within a distance of a point.",
            complexity: "O(N+log(M)), N members in the bounding box, M in the set",
            deprecation: .init(since: "6.2.0", replacement: "`GEOSEARCH` with `BYRADIUS`"),
            keys: [.index(1, [.readOnly, .access])],
            syntax: """
                key longitude:double latitude:double radius:double unit(M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] \
                [count-block(COUNT count:int [ANY@6.2.0])] [order(ASC|DESC)]
                """,
            handler: GeoSearchCommands.georadiusReadOnly
        ),
        CommandRow(
            "geosearch", .geo, since: "6.2.0", arity: -7, [.readOnly], acl: [.geo],
            summary: "Finds the members inside a circle or a box.",
            complexity: "O(N+log(M)), N members in the bounding box, M in the set",
            keys: [.index(1, [.readOnly, .access])],
            syntax: """
                key from(FROMMEMBER member|FROMLONLAT fromlonlat(longitude:double latitude:double)) \
                by(circle(BYRADIUS radius:double unit(M|KM|FT|MI))|box(BYBOX width:double height:double unit(M|KM|FT|\
                MI))) [order(ASC|DESC)] [count-block(COUNT count:int [ANY])] [WITHCOORD] [WITHDIST] [WITHHASH]
                """,
            handler: GeoSearchCommands.geosearch
        ),
        CommandRow(
            "geosearchstore", .geo, since: "6.2.0", arity: -8, [.write, .denyOutOfMemory], acl: [.geo],
            summary: "Stores the members inside a circle or a box.",
            complexity: "O(N+log(M)), N members in the bounding box, M in the set",
            keys: [.index(1, [.overwrite, .update]), .index(2, [.readOnly, .access])],
            syntax: """
                destination:key source:key1 from(FROMMEMBER member|\
                FROMLONLAT fromlonlat(longitude:double latitude:double)) by(circle(BYRADIUS radius:double unit(M|KM|\
                FT|MI))|box(BYBOX width:double height:double unit(M|KM|FT|MI))) [order(ASC|DESC)] \
                [count-block(COUNT count:int [ANY])] [STOREDIST]
                """,
            handler: GeoSearchCommands.geosearchstore
        ),
    ]
}
