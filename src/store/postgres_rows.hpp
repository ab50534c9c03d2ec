// The rows of a result in PostgreSQL's binary format.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/postgres_values.hpp"

namespace parley {

/// bigint, integer, smallint or boolean, by its size.
std::int64_t read_integer(std::string_view bytes);

/// One row; valid as long as its result. Column numbers begin at 0.
class postgres_row {
 public:
  postgres_row(const PGresult* result, int row) : result_(result), row_(row) {}

  [[nodiscard]] bool is_null(int column) const { return PQgetisnull(result_, row_, column) == 1; }
  /// Also of a bytea, whose binary format is its bytes.
  [[nodiscard]] std::string_view text(int column) const {
    return {PQgetvalue(result_, row_, column), static_cast<std::size_t>(PQgetlength(result_, row_, column))};
  }
  [[nodiscard]] std::optional<std::string> optional_text(int column) const {
    return is_null(column) ? std::nullopt : std::optional<std::string>(text(column));
  }
  /// smallint, integer, bigint or boolean; null reads as 0.
  [[nodiscard]] std::int64_t integer(int column) const { return read_integer(text(column)); }
  [[nodiscard]] timestamp time(int column) const { return from_postgres_time(integer(column)); }
  [[nodiscard]] std::optional<timestamp> optional_time(int column) const {
    return is_null(column) ? std::nullopt : std::optional<timestamp>(time(column));
  }
  /// The elements of an array of one dimension, as bytes; read_integer() reads those of a bigint[].
  [[nodiscard]] std::vector<std::optional<std::string_view>> array(int column) const;
  /// Null reads as the nil UUID.
  template <class Id = uuid>
  [[nodiscard]] Id id(int column) const {
    return Id(uuid_at(column));
  }
  template <class Id>
  [[nodiscard]] std::optional<Id> optional_id(int column) const {
    return is_null(column) ? std::nullopt : std::optional<Id>(uuid_at(column));
  }

 private:
  [[nodiscard]] uuid uuid_at(int column) const;

  const PGresult* result_;
  int row_;
};

class postgres_rows {
 public:
  explicit postgres_rows(PGresult* result) : result_(result) {}

  [[nodiscard]] PGresult* get() const { return result_.get(); }
  [[nodiscard]] int size() const { return PQntuples(result_.get()); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] postgres_row operator[](int row) const { return {result_.get(), row}; }
  /// Rows that an INSERT, UPDATE or DELETE has changed.
  [[nodiscard]] std::int64_t changed() const;

  struct iterator {
    const postgres_rows* rows;
    int row;
    postgres_row operator*() const { return (*rows)[row]; }
    iterator& operator++() {
      ++row;
      return *this;
    }
    bool operator!=(const iterator& other) const { return row != other.row; }
  };
  [[nodiscard]] iterator begin() const { return {this, 0}; }
  [[nodiscard]] iterator end() const { return {this, size()}; }

 private:
  struct clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  std::unique_ptr<PGresult, clear> result_;
};

}  // namespace parley
