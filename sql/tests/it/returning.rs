//! What RETURNING gives to a program. The cases of `sqllogictest/` do not tell blanks apart.

use arrow::array::AsArray;
use muster::blocking::Database;

#[test]
fn char_columns_come_back_with_their_blanks_as_from_select() {
    let database = Database::in_memory().unwrap();
    let session = database.session();
    session.execute("CREATE TABLE codes (id int PRIMARY KEY, code char(4))", &[]).unwrap();
    for statement in [
        "INSERT INTO codes VALUES (1, 'ab') RETURNING code",
        "SELECT code FROM codes WHERE id = 1",
        "UPDATE codes SET code = 'ab ' WHERE id = 1 RETURNING code",
        "INSERT INTO codes VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET code = 'ab' RETURNING code",
        "DELETE FROM codes RETURNING code",
    ] {
        let result = session.query(statement, &[]).unwrap();
        let values: Vec<_> =
            result.batches().iter().map(|batch| batch.column(0).as_string::<i32>().value(0)).collect();
        assert_eq!(values, ["ab  "], "{statement}");
    }
}
