//! The SQLSTATEs that Muster gives, by their PostgreSQL names.
//!
//! It is the list; which error has which is decided in [`crate::Error::sqlstate`].

macro_rules! sqlstates {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// A five-character SQLSTATE, named as PostgreSQL's manual (appendix A) names it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum SqlState { $($(#[$doc])* $name,)* }

        impl SqlState {
            /// The five characters.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

sqlstates! {
    /// Something that a client should know, of no kind of its own.
    Warning = "01000",
    /// Of the privileges that were to be taken away not all could be.
    PrivilegeNotRevoked = "01006",
    /// Of the privileges that were to be granted not all could be.
    PrivilegeNotGranted = "01007",
    /// The feature is named in the message and does not exist here.
    FeatureNotSupported = "0A000",
    /// The value does not fit what the operation needs (vector dimensions, NaN).
    DataException = "22000",
    /// NULL where a value has to be.
    NullValueNotAllowed = "22004",
    /// A text is longer than its column allows.
    StringDataRightTruncation = "22001",
    /// Bytes that are no UTF-8.
    CharacterNotInRepertoire = "22021",
    /// A number does not fit its type.
    NumericValueOutOfRange = "22003",
    /// A day, an hour that does not exist.
    DatetimeFieldOverflow = "22008",
    /// A subquery that may give one row and gives more.
    CardinalityViolation = "21000",
    /// A date or time that is none.
    InvalidDatetimeFormat = "22007",
    /// An ESCAPE of more than one character.
    InvalidEscapeCharacter = "22019",
    /// A pattern that ends in its escape character.
    InvalidEscapeSequence = "22025",
    /// A length that is negative.
    SubstringError = "22011",
    /// An array's element, or a byte, that is not there.
    ArraySubscriptError = "2202E",
    /// A pattern with more separators than there may be.
    InvalidUseOfEscapeCharacter = "2200C",
    /// A regular expression that is none.
    InvalidRegularExpression = "2201B",
    /// The logarithm of what has none.
    InvalidArgumentForLogarithm = "2201E",
    /// The power or root of what has none.
    InvalidArgumentForPower = "2201F",
    /// Buckets that there cannot be.
    InvalidArgumentForWidthBucket = "2201G",
    /// Division by zero.
    DivisionByZero = "22012",
    /// An argument's value is not one that the function takes.
    InvalidParameterValue = "22023",
    /// A negative LIMIT.
    InvalidRowCountInLimitClause = "2201W",
    /// A text that the target type cannot read.
    InvalidTextRepresentation = "22P02",
    /// A character that a text cannot have.
    UntranslatableCharacter = "22P05",
    /// A number in JSON that is none of the type asked for, or another fault of SQL/JSON.
    InvalidJsonText = "22032",
    /// A file for COPY that cannot be read as its format.
    BadCopyFileFormat = "22P04",
    /// NULL for a column that takes none.
    NotNullViolation = "23502",
    /// A row for which a CHECK constraint is false.
    CheckViolation = "23514",
    /// A row whose foreign key is not there, or a key that rows still refer to.
    ForeignKeyViolation = "23503",
    /// A key that is there already.
    UniqueViolation = "23505",
    /// A grant that cannot be, such as of a role to itself.
    InvalidGrantOperation = "0LP01",
    /// An index or object depends on it.
    DependentObjectsStillExist = "2BP01",
    /// A transaction block is open, and the statement cannot run inside of one.
    ActiveSqlTransaction = "25001",
    /// No transaction block is open, and the statement has no meaning outside of one.
    NoActiveSqlTransaction = "25P01",
    /// The transaction block has failed.
    InFailedSqlTransaction = "25P02",
    /// No savepoint of that name.
    InvalidSavepointSpecification = "3B001",
    /// The other transaction committed first: try again.
    SerializationFailure = "40001",
    /// The rule is not allowed here.
    InsufficientPrivilege = "42501",
    /// No prepared statement of that name.
    InvalidSqlStatementName = "26000",
    /// No cursor of that name.
    InvalidCursorName = "34000",
    /// A cursor of that name exists.
    DuplicateCursor = "42P03",
    /// A prepared statement of that name exists.
    DuplicatePreparedStatement = "42P05",
    /// A schema of that name exists.
    DuplicateSchema = "42P06",
    /// A sequence has no more values.
    SequenceGeneratorLimitExceeded = "2200H",
    /// A name that PostgreSQL keeps for itself.
    ReservedName = "42939",
    /// No such database.
    InvalidCatalogName = "3D000",
    /// No such schema.
    InvalidSchemaName = "3F000",
    /// A definition that cannot be (a volatile generated column).
    InvalidObjectDefinition = "42P17",
    /// SQL that does not parse.
    SyntaxError = "42601",
    /// A name that cannot be one, or may not be used.
    InvalidName = "42602",
    /// A column named twice.
    DuplicateColumn = "42701",
    /// A name that several tables of one statement bear.
    DuplicateAlias = "42712",
    /// A query in WITH RECURSIVE that names itself where it may not.
    InvalidRecursion = "42P19",
    /// A window function where none may stand.
    WindowingError = "42P20",
    /// A name that several columns bear.
    AmbiguousColumn = "42702",
    /// No such column.
    UndefinedColumn = "42703",
    /// No such type, setting or other object.
    UndefinedObject = "42704",
    /// A foreign key that refers to no key.
    InvalidForeignKey = "42830",
    /// An object of that name exists.
    DuplicateObject = "42710",
    /// The expression is not allowed in GROUP BY or an aggregate is misplaced.
    GroupingError = "42803",
    /// There is no cast between the types.
    CannotCoerce = "42846",
    /// The types do not fit each other.
    DatatypeMismatch = "42804",
    /// Several functions or operators like that.
    AmbiguousFunction = "42725",
    /// No function, operator or argument list like that.
    UndefinedFunction = "42883",
    /// No such table.
    UndefinedTable = "42P01",
    /// No parameter of that number.
    UndefinedParameter = "42P02",
    /// A parameter that is of one type here and of another there.
    AmbiguousParameter = "42P08",
    /// A table of that name exists.
    DuplicateTable = "42P07",
    /// The columns named do not fit.
    InvalidColumnReference = "42P10",
    /// The table's definition contradicts itself.
    InvalidTableDefinition = "42P16",
    /// The parameter's type cannot be told.
    IndeterminateDatatype = "42P18",
    /// A value may not be written to that column.
    GeneratedAlways = "428C9",
    /// The object is of the wrong kind for the statement.
    WrongObjectType = "42809",
    /// A statement that is wrong in another way.
    SyntaxErrorOrAccessRuleViolation = "42000",
    /// Memory for the statement is used up.
    OutOfMemory = "53200",
    /// The statement nests too deeply.
    StatementTooComplex = "54001",
    /// Larger than anything may be here.
    ProgramLimitExceeded = "54000",
    /// The disk is full.
    DiskFull = "53100",
    /// A setting that cannot be changed.
    CantChangeRuntimeParam = "55P02",
    /// The folder is open elsewhere.
    ObjectInUse = "55006",
    /// The statement cannot run in the present state.
    ObjectNotInPrerequisiteState = "55000",
    /// Writes are refused: the transaction is read-only, or the database is until it is opened again.
    ReadOnlySqlTransaction = "25006",
    /// The statement was cancelled.
    QueryCanceled = "57014",
    /// Another session, or whoever runs the server, has ended the session.
    AdminShutdown = "57P01",
    /// A service that is not part of the database failed: a provider of embeddings.
    SystemError = "58000",
    /// The configuration is wrong.
    ConfigFileError = "F0000",
    /// Reading or writing a file failed.
    IoError = "58030",
    /// No such file.
    UndefinedFile = "58P01",
    /// A file of the database is damaged.
    DataCorrupted = "XX001",
    /// A derived index file is damaged.
    IndexCorrupted = "XX002",
    /// A fault of Muster itself.
    InternalError = "XX000",
    /// The count of values and parameters differ.
    ProtocolViolation = "08P01",
}
