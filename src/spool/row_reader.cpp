// SPDX-License-Identifier: Apache-2.0
#include "spool/row_reader.hpp"

#include <algorithm>
#include <set>

namespace edgehaul::spool {

namespace {

constexpr std::size_t kUsable = PageFile::kPage;
constexpr std::size_t kMaxLocal = kUsable - 35;
constexpr std::size_t kMinLocal = (kUsable - 12) * 32 / 255 - 23;
constexpr std::size_t kPerOverflowPage = kUsable - 4;
constexpr unsigned char kInterior = 0x05;
constexpr unsigned char kLeaf = 0x0d;
constexpr int kMaxDepth = 20;

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 9 && i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (i == 8) {
      bytes.remove_prefix(9);
      return value << 8 | byte;
    }
    value = value << 7 | (byte & 0x7FU);
    if ((byte & 0x80U) == 0) {
      bytes.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

std::uint64_t size_of(std::uint64_t type) {
  constexpr std::uint64_t kSizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
  return type < 12 ? kSizes[type] : (type - 12) / 2;
}

std::optional<Cell> cell_at(std::string_view page, std::size_t at) {
  if (at >= page.size()) return std::nullopt;
  std::string_view rest = page.substr(at);
  const auto size = take_varint(rest);
  const auto id = size ? take_varint(rest) : std::nullopt;
  if (!id || *size == 0 || *size > 2 * kMaxBodyBytes) return std::nullopt;
  std::size_t local = static_cast<std::size_t>(*size);
  if (*size > kMaxLocal) {
    local = kMinLocal + static_cast<std::size_t>((*size - kMinLocal) % kPerOverflowPage);
    if (local > kMaxLocal) local = kMinLocal;
  }
  const bool overflows = *size > local;
  if (rest.size() < local + (overflows ? 4 : 0)) return std::nullopt;
  Cell cell{*id, *size, rest.substr(0, local), 0};
  if (overflows) cell.overflow = static_cast<std::uint32_t>(big_endian(rest, local, 4));
  return cell;
}

struct PageHead {
  unsigned char type = 0;
  std::size_t cells = 0;
  std::size_t pointers = 0;  // offset of the cell pointer array
  std::uint32_t rightmost = 0;
};

std::optional<PageHead> head_of(std::string_view page, bool is_first_page) {
  const std::size_t at = is_first_page ? 100 : 0;
  PageHead head;
  head.type = static_cast<unsigned char>(page[at]);
  if (head.type != kLeaf && head.type != kInterior) return std::nullopt;
  const bool is_leaf = head.type == kLeaf;
  head.cells = static_cast<std::size_t>(big_endian(page, at + 3, 2));
  head.pointers = at + (is_leaf ? 8 : 12);
  if (head.pointers + 2 * head.cells > page.size()) return std::nullopt;
  if (!is_leaf) head.rightmost = static_cast<std::uint32_t>(big_endian(page, at + 8, 4));
  return head;
}

class Walker {
 public:
  Walker(const PageFile& file, const Walk& walk) : file_(file), walk_(walk) {}

  bool visit(std::uint32_t number, int depth) {
    if (depth > kMaxDepth || !seen_.insert(number).second) return damaged(number, "a loop");
    std::string buffer;
    const auto page = file_.page(number, buffer);
    if (!page) return damaged(number, page.error().message);
    const auto head = head_of(*page, number == 1);
    if (!head) return damaged(number, "not a page of a table");
    return head->type == kLeaf ? visit_leaf(number, *page) : visit_tree(*page, *head, depth);
  }

 private:
  bool visit_leaf(std::uint32_t number, std::string_view page) {
    const auto cells = leaf_cells(page, number == 1);
    if (!cells) return damaged(number, "damaged cells");
    for (const Cell& cell : *cells) {
      if (cell.id > walk_.after && !walk_.cell(cell)) return false;
    }
    return true;
  }

  bool visit_tree(std::string_view page, const PageHead& head, int depth) {
    std::vector<std::uint32_t> children;
    for (std::size_t i = 0; i < head.cells; ++i) {
      const auto at = static_cast<std::size_t>(big_endian(page, head.pointers + 2 * i, 2));
      if (at + 5 > page.size()) continue;
      std::string_view key_bytes = page.substr(at + 4);
      const auto key = take_varint(key_bytes);
      // A key is the greatest id of its child.
      if (key && *key > walk_.after) {
        children.push_back(static_cast<std::uint32_t>(big_endian(page, at, 4)));
      }
    }
    children.push_back(head.rightmost);
    return std::all_of(children.begin(), children.end(),
                       [&](std::uint32_t child) { return visit(child, depth + 1); });
  }

  bool damaged(std::uint32_t number, std::string_view why) {
    if (walk_.damage) walk_.damage(number, why);
    return true;
  }

  const PageFile& file_;
  const Walk& walk_;
  std::set<std::uint32_t> seen_;
};

}  // namespace

std::int64_t Column::integer() const {
  if (type == 8 || type == 9) return type == 9 ? 1 : 0;
  if (bytes.empty() || bytes.size() > 8) return 0;
  const std::uint64_t value = big_endian(bytes, 0, bytes.size());
  const unsigned shift = 64 - 8 * static_cast<unsigned>(bytes.size());
  return static_cast<std::int64_t>(value << shift) >> shift;
}

std::optional<std::vector<Cell>> leaf_cells(std::string_view page, bool is_first_page) {
  const auto head = head_of(page, is_first_page);
  if (!head || head->type != kLeaf) return std::nullopt;
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < head->cells; ++i) {
    const auto at = static_cast<std::size_t>(big_endian(page, head->pointers + 2 * i, 2));
    if (at < head->pointers + 2 * head->cells) return std::nullopt;
    auto cell = cell_at(page, at);
    if (!cell) return std::nullopt;
    cells.push_back(*cell);
  }
  return cells;
}

std::optional<std::vector<Column>> columns_of(std::string_view payload, std::uint64_t whole) {
  std::string_view rest = payload;
  const auto header = take_varint(rest);
  if (!header || *header > payload.size() || *header > 256) return std::nullopt;
  std::string_view types =
      payload.substr(payload.size() - rest.size(), *header - (payload.size() - rest.size()));
  std::uint64_t at = *header;
  std::vector<Column> columns;
  while (!types.empty()) {
    const auto type = take_varint(types);
    if (!type || *type == 10 || *type == 11) return std::nullopt;
    const std::uint64_t size = size_of(*type);
    if (size > whole || at + size > whole) return std::nullopt;
    const std::string_view bytes =
        at < payload.size() ? payload.substr(at, size) : std::string_view();
    columns.push_back({*type, bytes, size});
    at += size;
  }
  if (at != whole) return std::nullopt;
  return columns;
}

Result<std::string> whole_payload(const PageFile& file, const Cell& cell) {
  std::string payload(cell.local);
  std::string buffer;
  std::uint32_t next = cell.overflow;
  // Each page adds bytes, so that a loop in the chain ends as well.
  while (payload.size() < cell.size) {
    auto page = file.page(next, buffer);
    if (!page) return pass(std::move(page.error()));
    next = static_cast<std::uint32_t>(big_endian(*page, 0, 4));
    payload += page->substr(4, static_cast<std::size_t>(std::min<std::uint64_t>(
                                   kPerOverflowPage, cell.size - payload.size())));
  }
  return payload;
}

std::optional<RowHead> record_head(const Cell& cell) {
  const auto columns = columns_of(cell.local, cell.size);
  // id is an alias of the cell's own and stored as NULL.
  if (!columns || columns->size() != 11 || (*columns)[0].type != 0) return std::nullopt;
  for (std::size_t i = 1; i < 10; ++i) {
    const Column& column = (*columns)[i];
    if (!column.is_integer() || column.bytes.size() != column.size) return std::nullopt;
  }
  const Column& body = columns->back();
  if (!body.is_blob() || cell.id == 0 || cell.id >= kMaxId) return std::nullopt;
  const auto number = [&](std::size_t i) { return (*columns)[i].integer(); };
  RowHead head;
  head.id = cell.id;
  head.kind = static_cast<std::uint8_t>(number(1));
  head.signal = static_cast<std::uint8_t>(number(2));
  head.origin = static_cast<std::uint8_t>(number(3));
  head.coding = static_cast<std::uint8_t>(number(4));
  head.time = number(5);
  head.born = number(6);
  head.items = static_cast<std::uint32_t>(number(7));
  head.size = static_cast<std::uint32_t>(number(8));
  head.crc = static_cast<std::uint32_t>(number(9));
  head.stored = body.size;
  return head;
}

std::optional<RowHead> frames_head(const PageFile& file, const Cell& cell) {
  auto columns = columns_of(cell.local, cell.size);
  if (!columns || columns->size() != 10 || (*columns)[0].type != 0 || cell.id == 0 ||
      cell.id >= kMaxId || !(*columns)[8].is_text() || !columns->back().is_blob()) {
    return std::nullopt;
  }
  for (std::size_t i = 1; i < 8; ++i) {
    if (!(*columns)[i].is_integer() || (*columns)[i].bytes.size() != (*columns)[i].size) {
      return std::nullopt;
    }
  }
  const auto number = [&](std::size_t i) { return (*columns)[i].integer(); };
  RowHead head = head_of_frames();
  head.id = cell.id;
  head.shape = static_cast<std::uint64_t>(number(1));
  head.time = number(2);
  head.until = number(3);
  head.born = number(4);
  head.items = static_cast<std::uint32_t>(number(5));
  head.size = static_cast<std::uint32_t>(number(6));
  head.crc = static_cast<std::uint32_t>(number(7));
  head.stored = columns->back().size;
  std::string payload;
  if ((*columns)[8].bytes.size() != (*columns)[8].size) {
    auto whole = whole_payload(file, cell);
    if (!whole) return std::nullopt;
    payload = std::move(*whole);
    columns = columns_of(payload, cell.size);
  }
  auto ids = columns ? parse_ids((*columns)[8].bytes) : fail(Errc::malformed, "no ids");
  if (!ids || ids->empty() || ids->ranges().back().last != head.id ||
      ids->count() > frame::Capacity::kFrames) {
    return std::nullopt;
  }
  head.ids = std::move(*ids);
  return head;
}

std::optional<Store::ShapeRow> shape_row(const PageFile& file, const Cell& cell) {
  const auto payload = whole_payload(file, cell);
  const auto columns = payload ? columns_of(*payload, cell.size) : std::nullopt;
  if (!columns || columns->size() != 5 || (*columns)[0].type != 0 || !columns->back().is_blob()) {
    return std::nullopt;
  }
  const auto number = [&](std::size_t i) {
    return static_cast<std::uint64_t>((*columns)[i].integer());
  };
  Store::ShapeRow shape{cell.id, number(1), number(2), std::string(columns->back().bytes)};
  if (crc_of_shape(shape) != static_cast<std::uint32_t>(number(3))) return std::nullopt;
  return shape;
}

Result<std::string> record_body(const PageFile& file, const Cell& cell) {
  auto payload = whole_payload(file, cell);
  if (!payload) return payload;
  const auto columns = columns_of(*payload, cell.size);
  if (!columns) return fail(Errc::malformed, "not a row");
  return std::string(columns->back().bytes);
}

void walk_table(const PageFile& file, std::uint32_t root, const Walk& walk) {
  Walker(file, walk).visit(root, 0);
}

std::optional<std::uint32_t> root_of(const PageFile& file, std::string_view table) {
  std::optional<std::uint32_t> root;
  Walk walk;
  // sqlite_schema: type, name, tbl_name, rootpage, sql.
  walk.cell = [&](const Cell& cell) {
    const auto payload = whole_payload(file, cell);
    const auto columns = payload ? columns_of(*payload, cell.size) : std::nullopt;
    if (!columns || columns->size() != 5) return true;
    if ((*columns)[0].bytes != "table" || (*columns)[1].bytes != table) return true;
    root = static_cast<std::uint32_t>((*columns)[3].integer());
    return false;
  };
  walk_table(file, 1, walk);
  return root;
}

}  // namespace edgehaul::spool
