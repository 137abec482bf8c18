//! Result rows as a table, or one record below the other.
//!
//! Rows come in batches and are drawn in sheets of [`SHEET_ROWS`], so a result of any length takes
//! little memory; the first sheet fixes the columns' least widths for those that follow.
//! Invariant: every row handed in is drawn once, in order.

use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use comfy_table::{
    Attribute, Cell, CellAlignment, ColumnConstraint, ContentArrangement, ContentLineStyle, LineStyle, Table,
    TableStyle, Width, presets,
};

use super::value::{ValuePrinter, is_numeric, is_vector};

/// Rows that are laid out together.
const SHEET_ROWS: usize = 1_000;

/// The word for NULL; dim on a terminal, so that it cannot be taken for text.
const NULL: &str = "NULL";

/// psql's own look, for pipes and files.
const PLAIN: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction('|'))
    .header_separator(LineStyle::none().fill('-').junction('+'))
    .content_lines(ContentLineStyle::none().junction('|'));

/// Boxes, for terminals.
const BOXES: TableStyle = presets::UTF8_FULL_CONDENSED
    .header_lines(ContentLineStyle::new('│', '│', '│'))
    .content_lines(ContentLineStyle::new('│', '│', '│'));

/// Whether rows are drawn as records, one field a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expanded {
    Off,
    On,
    /// When the table is wider than the terminal.
    Auto,
}

/// How results are drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Box-drawing characters and attributes, as fits a terminal.
    pub(crate) terminal: bool,
    pub(crate) expanded: Expanded,
    /// The terminal's width, where there is one.
    pub(crate) width: Option<u16>,
    pub(crate) short_vectors: bool,
}

impl Look {
    /// The look that suits standard output.
    pub(crate) fn of_stdout() -> Look {
        let terminal = io::IsTerminal::is_terminal(&io::stdout());
        Look {
            terminal,
            expanded: if terminal { Expanded::Auto } else { Expanded::Off },
            width: None,
            short_vectors: terminal,
        }
        .measured()
    }

    /// The same with the width that the terminal has now.
    pub(crate) fn measured(self) -> Look {
        Look { width: if self.terminal { Table::new().width() } else { None }, ..self }
    }
}

/// Draws one result as its batches come.
#[derive(Debug)]
pub(crate) struct ResultPrinter {
    look: Look,
    schema: SchemaRef,
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    /// Fixed by the first sheet.
    layout: Option<Layout>,
    rows: u64,
}

#[derive(Debug)]
enum Layout {
    Table { widths: Vec<u16> },
    Records,
}

impl ResultPrinter {
    pub(crate) fn new(look: Look, schema: SchemaRef) -> Self {
        ResultPrinter { look, schema, waiting: Vec::new(), waiting_rows: 0, layout: None, rows: 0 }
    }

    /// Takes a batch and draws what makes up a sheet.
    pub(crate) fn push(&mut self, mut batch: RecordBatch, out: &mut dyn Write) -> io::Result<()> {
        while self.waiting_rows + batch.num_rows() >= SHEET_ROWS {
            let part = SHEET_ROWS - self.waiting_rows;
            self.waiting.push(batch.slice(0, part));
            self.waiting_rows += part;
            batch = batch.slice(part, batch.num_rows() - part);
            self.sheet(out)?;
        }
        if batch.num_rows() > 0 {
            self.waiting_rows += batch.num_rows();
            self.waiting.push(batch);
        }
        Ok(())
    }

    /// Draws what is left, without a line about it.
    pub(crate) fn draw_rest(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.waiting_rows > 0 || self.layout.is_none() {
            self.sheet(out)?;
        }
        Ok(())
    }

    /// Draws what is left and `(5 rows)`, and gives the number of rows.
    pub(crate) fn finish(mut self, out: &mut dyn Write) -> io::Result<u64> {
        self.draw_rest(out)?;
        let plural = if self.rows == 1 { "" } else { "s" };
        writeln!(out, "({} row{plural})", self.rows)?;
        let shortened = self.look.short_vectors && self.schema.fields().iter().any(|field| is_vector(field));
        if shortened && self.rows > 0 {
            writeln!(out, "Vectors are shortened; \\vectors shows them in full.")?;
        }
        Ok(self.rows)
    }

    fn sheet(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let batches = std::mem::take(&mut self.waiting);
        self.waiting_rows = 0;
        match &self.layout {
            Some(Layout::Records) => self.records(&batches, out)?,
            Some(Layout::Table { widths }) => {
                let table = self.table(&batches, Some(widths));
                self.draw(&table, out)?;
            }
            None => {
                let table = self.table(&batches, None);
                if self.as_records(&table) {
                    self.layout = Some(Layout::Records);
                    self.records(&batches, out)?;
                } else {
                    self.draw(&table, out)?;
                    self.layout = Some(Layout::Table { widths: table.column_max_content_widths() });
                }
            }
        }
        self.rows += batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
        Ok(())
    }

    fn as_records(&self, table: &Table) -> bool {
        match self.look.expanded {
            Expanded::Off => false,
            Expanded::On => true,
            Expanded::Auto => {
                let columns = table.column_max_content_widths();
                // A blank on either side of each cell, and a line around each column.
                let width = columns.iter().map(|width| usize::from(*width) + 3).sum::<usize>() + 1;
                table.row_count() > 0 && self.look.width.is_some_and(|most| width > usize::from(most))
            }
        }
    }

    /// The sheet's table; sheets after the first take up their columns' widths and show no header.
    fn table(&self, batches: &[RecordBatch], widths: Option<&Vec<u16>>) -> Table {
        let mut table = Table::new();
        table.set_content_arrangement(ContentArrangement::Disabled);
        if self.look.terminal {
            table.load_style(BOXES).enforce_styling();
        } else {
            table.load_style(PLAIN).force_no_tty();
        }
        if widths.is_none() {
            table.set_header(self.schema.fields().iter().map(|field| {
                let cell = Cell::new(field.name()).set_alignment(CellAlignment::Center);
                if self.look.terminal { cell.add_attribute(Attribute::Bold) } else { cell }
            }));
        }
        for batch in batches {
            for row in 0..batch.num_rows() {
                table.add_row(self.cells(batch, row));
            }
        }
        for (column, width) in widths.into_iter().flatten().enumerate() {
            if let Some(column) = table.column_mut(column) {
                // The constraint counts the blank on either side.
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width.saturating_add(2))));
            }
        }
        table
    }

    fn cells(&self, batch: &RecordBatch, row: usize) -> Vec<Cell> {
        let printer = ValuePrinter { short_vectors: self.look.short_vectors };
        let fields = self.schema.fields().iter().zip(batch.columns());
        fields
            .map(|(field, column)| match printer.text(field, column, row) {
                None if self.look.terminal => Cell::new(NULL).add_attribute(Attribute::Dim),
                None => Cell::new(NULL),
                Some(text) if is_numeric(field.data_type()) => {
                    Cell::new(text).set_alignment(CellAlignment::Right)
                }
                Some(text) => Cell::new(text),
            })
            .collect()
    }

    fn draw(&self, table: &Table, out: &mut dyn Write) -> io::Result<()> {
        if self.schema.fields().is_empty() {
            return Ok(());
        }
        for line in table.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn records(&self, batches: &[RecordBatch], out: &mut dyn Write) -> io::Result<()> {
        let printer = ValuePrinter { short_vectors: self.look.short_vectors };
        let widest = self.schema.fields().iter().map(|field| field.name().chars().count()).max().unwrap_or(0);
        let mut number = self.rows;
        for batch in batches {
            for row in 0..batch.num_rows() {
                number += 1;
                let title = format!("-[ RECORD {number} ]");
                writeln!(out, "{title:-<width$}", width = widest + 3)?;
                for (field, column) in self.schema.fields().iter().zip(batch.columns()) {
                    let text = printer.text(field, column, row);
                    let mut lines = text.as_deref().unwrap_or(NULL).split('\n');
                    writeln!(out, "{:<widest$} | {}", field.name(), lines.next().unwrap_or_default())?;
                    for line in lines {
                        writeln!(out, "{:<widest$} | {line}", "")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int32Array, StringArray};

    use super::*;

    const PIPE: Look = Look { terminal: false, expanded: Expanded::Off, width: None, short_vectors: false };

    fn batch(rows: usize) -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int32Array::from_iter((0..rows).map(|row| i32::try_from(row).ok())));
        let names: ArrayRef = Arc::new(StringArray::from_iter(
            (0..rows).map(|row| (row % 3 != 1).then(|| format!("name {row}"))),
        ));
        RecordBatch::try_from_iter_with_nullable([("n", numbers, true), ("name", names, true)]).unwrap()
    }

    fn drawn(look: Look, batches: &[RecordBatch]) -> String {
        let mut out = Vec::new();
        let mut printer = ResultPrinter::new(look, batch(0).schema());
        for batch in batches {
            printer.push(batch.clone(), &mut out).unwrap();
        }
        printer.finish(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_stand_right_and_null_is_shown() {
        assert_eq!(drawn(PIPE, &[batch(2)]), " n |  name\n---+--------\n 0 | name 0\n 1 | NULL\n(2 rows)\n");
    }

    #[test]
    fn no_rows_still_show_the_columns() {
        assert_eq!(drawn(PIPE, &[]), " n | name\n---+------\n(0 rows)\n");
        assert!(drawn(PIPE, &[batch(1)]).ends_with("(1 row)\n"));
    }

    #[test]
    fn records_stand_one_below_the_other() {
        let look = Look { expanded: Expanded::On, ..PIPE };
        assert_eq!(
            drawn(look, &[batch(1), batch(1)]),
            "-[ RECORD 1 ]\nn    | 0\nname | name 0\n-[ RECORD 2 ]\nn    | 0\nname | name 0\n(2 rows)\n"
        );
    }

    #[test]
    fn tables_too_wide_for_the_terminal_become_records() {
        let look = Look { terminal: true, expanded: Expanded::Auto, width: Some(10), short_vectors: true };
        assert!(drawn(look, &[batch(1)]).contains("RECORD 1"));
        assert!(!drawn(Look { width: Some(80), ..look }, &[batch(1)]).contains("RECORD"));
        assert!(!drawn(Look { width: None, ..look }, &[batch(1)]).contains("RECORD"));
    }

    #[test]
    fn long_results_have_one_header_and_every_row_once() {
        let text = drawn(PIPE, &[batch(700), batch(0), batch(700), batch(700), batch(2_500)]);
        assert_eq!(text.lines().filter(|line| line.contains("name") && !line.contains("name ")).count(), 1);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2 + 4_600 + 1);
        assert_eq!(lines.last(), Some(&"(4600 rows)"));
        // A later sheet lines up with the first unless it is wider.
        assert_eq!(lines[2].find('|'), lines[1_500].find('|'));
        let numbers =
            lines[2..4_602].iter().map(|line| line.split('|').next().unwrap().trim().parse::<u32>().unwrap());
        assert!(numbers.eq((0..700).chain(0..700).chain(0..700).chain(0..2_500)));
    }
}
