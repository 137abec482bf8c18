//! `muster load` into a database that a server has open.

use crate::cli::{fail, generated, rows, succeed};
use crate::server::Process;

#[test]
fn the_server_that_has_the_database_open_loads_the_file() {
    let folder = generated("workers.parquet", "60");
    let folder = folder.path();
    std::fs::create_dir(folder.join("files")).unwrap();
    std::fs::rename(folder.join("workers.parquet"), folder.join("files/workers.parquet")).unwrap();
    std::fs::write(folder.join("files/skills.csv"), "n,name\n1,welding\n2,\"loading, manual\"\n").unwrap();
    std::fs::write(folder.join("files/turned.csv"), "name,n\nwelding,3\n").unwrap();
    std::fs::write(folder.join("files/skills.data"), "{\"n\": 4, \"name\": \"packing\"}\n").unwrap();
    succeed(folder, &["sql", "-c", "CREATE TABLE \"Skills\" (n int PRIMARY KEY, name text)"]);

    let files = folder.join("files");
    let server = Process::serve(&folder.join("muster-data"), &["--copy-dir", files.to_str().unwrap()]);
    let told = succeed(folder, &["load", "files/workers.parquet", "--table", "workers"]);
    assert!(told.contains("60 rows into workers") && told.contains("by the server on 127.0.0.1:"), "{told}");
    let again = fail(folder, &["load", "files/workers.parquet", "--table", "workers"], 1);
    assert!(again.contains("duplicate key"), "{again}");
    assert!(
        succeed(folder, &["load", "files/skills.csv", "--table", "Skills"]).contains("2 rows into Skills")
    );
    // The header names the columns in another order: refused rather than mixed up.
    let turned = fail(folder, &["load", "files/turned.csv", "--table", "Skills"], 1);
    assert!(turned.contains("header"), "{turned}");
    let unknown = fail(folder, &["load", "files/skills.data", "--table", "Skills"], 2);
    assert!(unknown.contains("--format"), "{unknown}");
    succeed(folder, &["load", "files/skills.data", "--table", "Skills", "--format", "jsonl"]);
    let nowhere = fail(folder, &["load", "files/skills.csv", "--table", "nowhere"], 1);
    assert!(nowhere.contains("does not exist"), "{nowhere}");
    std::fs::write(folder.join("outside.csv"), "n,name\n9,x\n").unwrap();
    let outside = fail(folder, &["load", "outside.csv", "--table", "Skills"], 1);
    assert!(outside.contains("--copy-dir"), "{outside}");
    drop(server);

    assert_eq!(rows(folder, "SELECT count(*), count(embedding) FROM workers"), [["60", "60"]]);
    let skills = rows(folder, "SELECT n, name FROM \"Skills\" ORDER BY n");
    assert_eq!(skills, [["1", "welding"], ["2", "loading, manual"], ["4", "packing"]]);
}
