/// Words that may stand before a parenthesis without the call of a function that could change the session: keywords,
/// types, and functions of PostgreSQL itself that are known to leave nothing behind.
///
/// A function of the same name in another schema wins only over other types of arguments; a text does not show that.
struct KnownWords: Sendable {
    static let shared = KnownWords(list)

    private static let slotCount = 2048
    /// Start of a word in the list << 8 | its length; 0: free. Open addressing.
    private let slots: [UInt32]

    private init(_ list: StaticString) {
        var slots = [UInt32](repeating: 0, count: Self.slotCount)
        var start = 0
        for index in 0...list.utf8CodeUnitCount {
            let isEnd = index == list.utf8CodeUnitCount || list.utf8Start[index] <= UInt8(ascii: " ")
            guard isEnd else { continue }
            if index > start {
                var slot = Self.slot(list.utf8Start + start, index - start)
                while slots[slot] != 0 { slot = (slot + 1) % Self.slotCount }
                slots[slot] = UInt32(start) << 8 | UInt32(index - start)
            }
            start = index + 1
        }
        self.slots = slots
    }

    /// Whether the word is listed, in any case.
    func contains(_ word: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        var slot = Self.slot(word, count)
        while slots[slot] != 0 {
            let entry = slots[slot]
            if Int(entry & 0xFF) == count, Self.matches(word, count, Self.list.utf8Start + Int(entry >> 8)) {
                return true
            }
            slot = (slot + 1) % Self.slotCount
        }
        return false
    }

    /// FNV-1a over the word in lower case.
    private static func slot(_ word: UnsafePointer<UInt8>, _ count: Int) -> Int {
        var hash: UInt32 = 0x811C_9DC5
        for index in 0..<count { hash = (hash ^ UInt32(ByteClass.lowered(word[index]))) &* 0x0100_0193 }
        return Int(hash) % slotCount
    }

    private static func matches(_ word: UnsafePointer<UInt8>, _ count: Int, _ entry: UnsafePointer<UInt8>) -> Bool {
        for index in 0..<count where ByteClass.lowered(word[index]) != entry[index] { return false }
        return true
    }

    private static var list: StaticString {
        """
        all and any array as asymmetric between both by case cast check coalesce collate columns conflict constraint \
        cross cube cycle default delete desc asc distinct do else end escape except exclude exists extract fetch filter \
        first for force_not_null force_null force_quote from full greatest group grouping having ilike in include \
        inner insert intersect into is isnull join key last lateral leading least left like limit materialized merge \
        natural next not notnull nothing nullif nulls of offset on only operator or order ordinality outer over overlay \
        partition position primary range recursive references repeatable returning right rollup row rows search select \
        set sets similar some substring symmetric system tablesample then to trailing treat trim union unique update \
        using value values variadic when where window with within without zone bernoulli xmlattributes xmlconcat \
        xmlelement xmlexists xmlforest xmlparse xmlpi xmlroot xmlserialize xmltable json_array json_arrayagg \
        json_object json_objectagg json_exists json_query json_value json_table json_scalar json_serialize json passing \
        bigint bit bool boolean bpchar bytea char character cidr date dec decimal double float float4 float8 inet int \
        int2 int4 int8 integer interval jsonb name nchar national numeric oid real regclass regtype regproc smallint \
        text time timestamp timestamptz timetz tsquery tsvector uuid varbit varchar varying xml \
        abs acos acosd age array_agg array_append array_cat array_dims array_fill array_length array_lower array_ndims \
        array_position array_positions array_prepend array_remove array_replace array_to_json array_to_string \
        array_upper ascii asin asind atan atan2 atan2d atand avg bit_and bit_count bit_length bit_or bit_xor bool_and \
        bool_or btrim cardinality cbrt ceil ceiling char_length character_length chr clock_timestamp col_description \
        concat concat_ws convert convert_from convert_to corr cos cosd cot cotd count covar_pop covar_samp cume_dist \
        current_catalog current_database current_date current_query current_role current_schema current_schemas \
        current_setting current_time current_timestamp current_user date_bin date_part date_trunc decode degrees \
        dense_rank div encode every exp factorial first_value floor format format_type gcd gen_random_uuid \
        generate_series generate_subscripts get_bit get_byte has_any_column_privilege has_column_privilege \
        has_database_privilege has_function_privilege has_schema_privilege has_sequence_privilege has_table_privilege \
        has_type_privilege host hostmask inet_client_addr inet_client_port inet_server_addr inet_server_port initcap \
        isempty isfinite json_agg json_array_elements json_array_elements_text json_array_length json_build_array \
        json_build_object json_each json_each_text json_extract_path json_extract_path_text json_object_agg \
        json_object_keys json_populate_record json_populate_recordset json_strip_nulls json_to_record \
        json_to_recordset json_typeof jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length \
        jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text \
        jsonb_insert jsonb_object jsonb_object_agg jsonb_object_keys jsonb_path_exists jsonb_path_match \
        jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_populate_record jsonb_populate_recordset \
        jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof \
        justify_days justify_hours justify_interval lag last_value lcm lead length ln localtime localtimestamp log \
        log10 lower lower_inc lower_inf lpad ltrim make_date make_interval make_time make_timestamp make_timestamptz \
        masklen max md5 min min_scale mod mode netmask network normalize now nth_value ntile num_nonnulls num_nulls \
        obj_description octet_length parse_ident percent_rank percentile_cont percentile_disc \
        pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_backend_pid pg_client_encoding pg_column_size \
        pg_conf_load_time pg_current_wal_lsn pg_current_xact_id pg_database_size pg_encoding_to_char \
        pg_function_is_visible pg_get_constraintdef pg_get_expr pg_get_function_arguments \
        pg_get_function_identity_arguments pg_get_function_result pg_get_functiondef pg_get_indexdef pg_get_keywords \
        pg_get_partkeydef pg_get_ruledef pg_get_serial_sequence pg_get_triggerdef pg_get_userbyid pg_get_viewdef \
        pg_has_role pg_indexes_size pg_is_in_recovery pg_is_other_temp_schema pg_last_wal_receive_lsn \
        pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_my_temp_schema pg_postmaster_start_time \
        pg_relation_size pg_size_bytes pg_size_pretty pg_sleep pg_sleep_for pg_sleep_until pg_stat_get_activity \
        pg_table_is_visible pg_table_size pg_total_relation_size pg_try_advisory_xact_lock \
        pg_try_advisory_xact_lock_shared pg_type_is_visible pg_typeof pg_wal_lsn_diff phraseto_tsquery pi \
        plainto_tsquery power quote_ident quote_literal quote_nullable radians random range_agg range_merge rank \
        regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array \
        regexp_split_to_table regexp_substr regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx \
        regr_sxy regr_syy repeat replace reverse round row_number row_to_json rpad rtrim scale session_user setweight \
        sha224 sha256 sha384 sha512 shobj_description sign sin sind split_part sqrt starts_with statement_timestamp \
        stddev stddev_pop stddev_samp string_agg string_to_array string_to_table strip strpos substr sum tan tand \
        timeofday timezone to_ascii to_char to_date to_hex to_json to_jsonb to_number to_regclass to_regtype \
        to_timestamp to_tsquery to_tsvector transaction_timestamp translate trim_array trim_scale trunc ts_headline \
        ts_rank ts_rank_cd txid_current txid_current_if_assigned unistr unnest upper upper_inc upper_inf user var_pop \
        var_samp variance version websearch_to_tsquery width_bucket
        """
    }
}
