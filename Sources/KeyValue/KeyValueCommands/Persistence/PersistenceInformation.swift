import KeyValuePersistence

extension InformationCommands {
    /// Section persistence. Without fork, what Redis counts as copied pages is what a snapshot holds in memory.
    static func persistence(_ engine: EngineReference) -> [Line] {
        let keeper = engine.pointee.appendOnly
        return snapshotLines(engine) + [("aof_enabled", keeper?.isOpen ?? false ? "1" : "0")] + rewriteLines(engine) + [
            ("aof_last_write_status", keeper?.isFailing ?? false ? "err" : "ok"),
            ("aof_last_cow_size", "\(engine.pointee.persistence.rewrite.lastHeldByteCount)"),
            ("module_fork_in_progress", "0"), ("module_fork_last_cow_size", "0"),
        ] + (keeper?.information ?? []) + loadingLines(engine)
    }

    private static func rewriteLines(_ engine: EngineReference) -> [Line] {
        let rewrite = engine.pointee.persistence.rewrite
        let seconds = engine.isRewriting ? (engine.pointee.now - rewrite.startedAt) / 1000 : -1
        return [
            ("aof_rewrite_in_progress", engine.isRewriting ? "1" : "0"),
            ("aof_rewrite_scheduled", rewrite.isScheduled ? "1" : "0"),
            ("aof_last_rewrite_time_sec", "\(rewrite.lastDuration)"), ("aof_current_rewrite_time_sec", "\(seconds)"),
            ("aof_last_bgrewrite_status", rewrite.lastSucceeded ? "ok" : "err"), ("aof_rewrites", "\(rewrite.count)"),
            ("aof_rewrites_consecutive_failures", "\(rewrite.consecutiveFailureCount)"),
        ]
    }

    private static func loadingLines(_ engine: EngineReference) -> [Line] {
        guard let loading = engine.pointee.persistence.loading else { return [] }
        let loaded = loading.loadedByteCount
        let percent = loading.byteCount > 0 ? Double(loaded) / Double(loading.byteCount) * 100 : 0
        let seconds = (engine.pointee.now - loading.startedAt) / 1000
        // Redis's guess for the first second.
        let rest = seconds == 0 ? 1 : Int(seconds) * max(loading.byteCount - loaded, 0) / (loaded + 1)
        return [
            ("loading_start_time", "\(loading.startedAt / 1000)"), ("loading_total_bytes", "\(loading.byteCount)"),
            ("loading_rdb_used_mem", "0"), ("loading_loaded_bytes", "\(loaded)"),
            ("loading_loaded_perc", two(percent)), ("loading_eta_seconds", "\(rest)"),
        ]
    }

    private static func snapshotLines(_ engine: EngineReference) -> [Line] {
        let persistence = engine.pointee.persistence
        let running = persistence.running
        let isSaving = running?.purpose == .save
        let seconds = running.map { (engine.pointee.now - $0.startedAt) / 1000 } ?? -1
        let taken = running?.snapshot.takenKeyCount ?? 0
        let total = running?.snapshot.keyCount ?? 0
        let percent = total > 0 ? Double(taken) / Double(total) * 100 : 0
        return [
            ("loading", persistence.loading == nil ? "0" : "1"), ("async_loading", "0"),
            ("current_cow_peak", "\(running == nil ? 0 : persistence.heldByteCountPeak)"),
            ("current_cow_size", "\(running?.snapshot.heldByteCount ?? 0)"), ("current_cow_size_age", "0"),
            ("current_fork_perc", two(percent)), ("current_save_keys_processed", "\(taken)"),
            ("current_save_keys_total", "\(total)"), ("rdb_changes_since_last_save", "\(engine.pointee.dirty)"),
            ("rdb_bgsave_in_progress", isSaving ? "1" : "0"), ("rdb_last_save_time", "\(persistence.lastSave)"),
            ("rdb_last_bgsave_status", persistence.lastSaveSucceeded ? "ok" : "err"),
            ("rdb_last_bgsave_time_sec", "\(persistence.lastDuration)"),
            ("rdb_current_bgsave_time_sec", "\(isSaving ? seconds : -1)"), ("rdb_saves", "\(persistence.saveCount)"),
            ("rdb_last_cow_size", "\(persistence.lastHeldByteCount)"),
            ("rdb_last_load_keys_expired", "\(persistence.loadedExpiredKeyCount)"),
            ("rdb_last_load_keys_loaded", "\(persistence.loadedKeyCount)"),
        ]
    }
}
