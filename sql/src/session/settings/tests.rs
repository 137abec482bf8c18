use super::*;

fn new() -> Settings {
    Settings::new(&crate::Options::default())
}

fn state(settings: &mut Settings, name: &str, value: &str) -> &'static str {
    settings.set(name, Some(value)).unwrap_err().sqlstate()
}

#[test]
fn ef_search_keeps_to_its_range() {
    let mut settings = new();
    settings.set("HNSW.ef_search", Some("100")).unwrap();
    assert_eq!(settings.get("hnsw.ef_search").unwrap(), "100");
    assert_eq!(state(&mut settings, "hnsw.ef_search", "0"), "22023");
    assert_eq!(state(&mut settings, "hnsw.ef_search", "many"), "22023");
    settings.set("hnsw.ef_search", None).unwrap();
    assert_eq!(settings.ef_search, 40);
}

#[test]
fn a_setting_that_nobody_knows_is_refused() {
    let mut settings = new();
    assert_eq!(state(&mut settings, "no_such", "1"), "42704");
    assert_eq!(state(&mut settings, "no.1such", "1"), "42602");
    assert_eq!(state(&mut settings, "muster.no_such", "1"), "42602");
    assert_eq!(state(&mut settings, "server_encoding", "LATIN1"), "55P02");
}

#[test]
fn reset_goes_back_to_what_the_client_started_with() {
    let mut settings = new();
    settings.set("work_mem", Some("8MB")).unwrap();
    settings.set("my.name", Some("x")).unwrap();
    settings.start();
    settings.set("work_mem", Some("16 MB")).unwrap();
    settings.set("My.Name", Some("y")).unwrap();
    assert_eq!(settings.get("my.name").unwrap(), "y");
    settings.reset();
    assert_eq!(settings.get("work_mem").unwrap(), "8MB");
    assert_eq!(settings.get("my.name").unwrap(), "x");
    assert_eq!(settings.get("statement_timeout").unwrap(), "0");
}

#[test]
fn numbers_have_units() {
    let mut settings = new();
    for (name, written, shown) in [
        ("work_mem", "1024", "1MB"),
        ("work_mem", "1.5 GB", "1536MB"),
        ("work_mem", "65 kB", "65kB"),
        ("temp_buffers", "16MB", "16MB"),
        ("random_page_cost", "1.1", "1.1"),
        ("random_page_cost", "1e2", "100"),
        ("jit", "of", "off"),
        ("client_min_messages", "Warning", "warning"),
        ("DateStyle", "ISO, DMY", "ISO, DMY"),
        ("datestyle", "ymd", "ISO, YMD"),
        ("TimeZone", "etc/utc", "Etc/UTC"),
        ("extra_float_digits", "3", "3"),
        ("client_encoding", "'utf-8'", "UTF8"),
    ] {
        settings.set(name, Some(written)).unwrap();
        assert_eq!(settings.get(name).unwrap(), shown, "{name} = {written}");
    }
    for (name, written, state_of) in [
        ("work_mem", "1 ms", "22023"),
        ("work_mem", "1", "22023"),
        ("random_page_cost", "-1", "22023"),
        ("client_min_messages", "loud", "22023"),
        ("extra_float_digits", "4", "22023"),
        ("extra_float_digits", "0", "0A000"),
        ("bytea_output", "escape", "0A000"),
        ("bytea_output", "base64", "22023"),
        ("client_encoding", "LATIN1", "0A000"),
        ("DateStyle", "SQL", "0A000"),
        ("DateStyle", "ISO, SQL", "22023"),
        ("DateStyle", "Klingon", "22023"),
        ("TimeZone", "Mars/Olympus", "22023"),
        ("default_transaction_isolation", "none", "22023"),
    ] {
        assert_eq!(state(&mut settings, name, written), state_of, "{name} = {written}");
    }
}
