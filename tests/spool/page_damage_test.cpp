// SPDX-License-Identifier: Apache-2.0
// One damaged page, each of a spool in turn: what lies on it is lost at most. Ticks that are told
// from an anchor or a shape on it are not, for of those there is another copy.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <functional>

#include "base/fd.hpp"
#include "spool/database.hpp"
#include "spool/row_reader.hpp"
#include "spool/ticker.hpp"

using namespace edgehaul;
using namespace edgehaul::spool;
using namespace edgehaul::test;

namespace {

constexpr std::size_t kPage = PageFile::kPage;
constexpr std::size_t kTicks = 40;

std::string slurp(const std::string& path) {
  std::string bytes;
  REQUIRE(base::read_file(path, bytes, 1U << 30).has_value());
  return bytes;
}

// A tick's row of its own and where its bytes start, in the file.
struct Row {
  RecordId id = 0;
  std::size_t offset = 0;
  std::size_t size = 0;  // of what lies on the leaf
};

// What the rows on a page are, overflow pages included. A page that is free now may show rows that
// it held once.
struct Content {
  IdSet ticks;
  std::size_t shapes = 0;
  bool is_leaf = false;
  std::vector<Row> rows;
};

std::vector<Content> contents_of(const std::string& path) {
  const auto file = PageFile::open(path);
  REQUIRE(file);
  std::vector<Content> contents(file->pages() + 1);
  std::string buffer;
  for (std::uint32_t number = 1; number <= file->pages(); ++number) {
    const auto page = file->page(number, buffer);
    REQUIRE(page);
    const auto cells = leaf_cells(*page, number == 1);
    if (!cells) continue;
    contents[number].is_leaf = true;
    for (const Cell& cell : *cells) {
      const auto head = frames_head(*file, cell);
      const bool is_shape = shape_row(*file, cell).has_value();
      if (head) {
        const auto at = static_cast<std::size_t>(cell.local.data() - page->data());
        contents[number].rows.push_back({head->id, (number - 1) * kPage + at, cell.local.size()});
      }
      std::string other;
      for (std::uint32_t at = number, next = cell.overflow; at != 0 && at < contents.size();) {
        contents[at].shapes += is_shape ? 1U : 0U;
        if (head) contents[at].ticks = joined(contents[at].ticks, head->ids);
        at = next;
        const auto more = at != 0 ? file->page(at, other) : fail(Errc::absent, "the end");
        next = more ? static_cast<std::uint32_t>(big_endian(*more, 0, 4)) : 0;
      }
    }
  }
  return contents;
}

// What is not leased of `kTicks` ticks; the others are as they were sent.
IdSet lost(Rig& rig, const Ticker& ticker) {
  IdSet lost;
  lost.add(1, kTicks);
  for (int empty = 0; empty < 3;) {
    const auto some = rig.lease(0, up_to(100));
    check_same(some, ticker.sent);
    for (const Record& record : some) {
      IdSet one;
      one.add(record.id);
      lost = without(lost, one);
    }
    // A salvage goes on between the calls.
    const bool is_busy = std::filesystem::exists(rig.file("spool.db.salvaging"));
    empty += some.empty() && !is_busy ? 1 : 0;
  }
  return lost;
}

using Damage = std::function<void(std::string& page)>;

struct Harm {
  std::string what;
  Damage damage;
};

const std::vector<Harm> kHarms{
    {"zeros", [](std::string& page) { page.assign(kPage, '\0'); }},
    {"noise", [](std::string& page) { page = noise(kPage, 5); }},
    {"torn", [](std::string& page) { page.replace(512, kPage - 512, kPage - 512, '\0'); }},
    {"bytes flipped",
     [](std::string& page) {
       for (std::size_t at = 97; at < kPage; at += 400)
         page[at] = static_cast<char>(page[at] ^ 0x10);
     }},
};

// A stopped spool that holds ticks of several shapes and anchors, each in a row of its own.
struct Stopped {
  Rig rig;
  Ticker ticker{rig, 16};
  std::string sound;
  std::vector<Content> contents;

  explicit Stopped(std::size_t ticks = kTicks) {
    rig.open();
    ticker.tick(ticks - 3);
    // An anchor that does not fit its leaf.
    std::string large;
    for (RandomHost host(19); large.size() < 100'000;)
      large += host.tick();
    const auto shape = *frame::Shape::of(large);
    std::vector<std::uint64_t> numbers(shape->slots().size());
    const std::string bits = noise(numbers.size() * sizeof numbers[0], 3);
    std::memcpy(numbers.data(), bits.data(), bits.size());
    large = shape->fill(numbers);
    for (int i = 0; i < 3; ++i) {
      const auto id =
          rig.spool->append_and_wait({Signal::metrics, Origin::own, rig.clock.wall(), 3, large});
      REQUIRE(id);
      ticker.sent[*id] = large;
    }
    rig.spool.reset();
    sound = slurp(rig.file());
    contents = contents_of(rig.file());
  }
  // As it was, but for one page (from 1) and perhaps the header, without which SQLite opens
  // nothing.
  void put_back(std::size_t page, const Damage& harm, bool has_header = true) {
    rig.spool.reset();
    rig.dir.remove("spool");
    std::filesystem::create_directory(rig.dir.at("spool"));
    std::string bytes = sound;
    std::string content = bytes.substr((page - 1) * kPage, kPage);
    harm(content);
    bytes.replace((page - 1) * kPage, kPage, content);
    if (!has_header) bytes[0] = 'x';
    rig.dir.write("spool/spool.db", bytes);
  }
};

}  // namespace

TEST_CASE("pages: a damaged one costs what lies on it, in a stopped spool and in a salvage") {
  Stopped spool;
  Rig& rig = spool.rig;
  std::size_t with_shapes = 0;
  for (const Harm& harm : kHarms) {
    for (std::size_t page = 1; page < spool.contents.size(); ++page) {
      const Content& content = spool.contents[page];
      if (content.shapes == 0 && (harm.what == "noise" || harm.what == "torn")) continue;
      with_shapes += content.shapes > 0 ? 1U : 0U;
      for (const bool has_header : {true, false}) {
        if (!has_header && harm.what != "zeros") continue;
        CAPTURE(harm.what);
        CAPTURE(page);
        CAPTURE(has_header);
        CAPTURE(content.shapes);
        spool.put_back(page, harm.damage, has_header);
        if (content.ticks.empty() && page != 1 && has_header) {
          // The shapes' other copies are found from outside, too.
          const auto seen = Reader::open(rig.dir.at("spool"))->verify();
          REQUIRE(seen);
          CHECK(seen->damaged_records == 0);
          CHECK((seen->damaged_shapes > 0 || content.shapes == 0 || harm.what == "torn"));
        }
        rig.open();
        const IdSet gone = lost(rig, spool.ticker);
        CHECK(without(gone, content.ticks).empty());
        CHECK(rig.spool->stats().mode == Mode::durable);
      }
    }
  }
  CHECK(with_shapes > 2 * kHarms.size());
  const auto& all = spool.contents;
  CHECK(std::count_if(all.begin(), all.end(), [](const Content& content) {
          return content.shapes > 0 && !content.is_leaf;
        }) >= 4);
}

TEST_CASE("pages: a flipped byte in the row of a tick costs that tick alone") {
  Stopped spool;
  std::size_t tried = 0;
  for (const Content& content : spool.contents) {
    if (content.rows.size() < 3) continue;
    const Row& victim = content.rows[content.rows.size() / 2];
    const std::size_t page = victim.offset / kPage + 1;
    spool.put_back(page, [&](std::string& bytes) {
      char& last = bytes[victim.offset % kPage + victim.size - 1];
      last = static_cast<char>(last ^ 1);
    });
    const auto seen = Reader::open(spool.rig.dir.at("spool"))->verify();
    CHECK(seen->damaged_records == 1);
    CHECK(seen->damaged_pages == 0);
    spool.rig.open();
    const IdSet gone = lost(spool.rig, spool.ticker);
    CHECK(gone.list() == std::vector<RecordId>{victim.id});
    CHECK(spool.rig.spool->stats().dropped_corrupt == 1);
    ++tried;
  }
  CHECK(tried > 0);
}

TEST_CASE("pages: a damaged one counts, and so does a damaged tick behind it") {
  constexpr std::size_t kMore = 3 * kTicks;  // on several leaves
  Stopped spool(kMore);
  std::vector<std::size_t> leaves;
  for (std::size_t page = 1; page < spool.contents.size(); ++page) {
    if (!spool.contents[page].rows.empty()) leaves.push_back(page);
  }
  std::sort(leaves.begin(), leaves.end(), [&](std::size_t a, std::size_t b) {
    return spool.contents[a].rows.back().id < spool.contents[b].rows.back().id;
  });
  REQUIRE(leaves.size() > 1);
  const Row& tick = spool.contents[leaves[1]].rows.front();
  char& last = spool.sound[tick.offset + tick.size - 1];
  last = static_cast<char>(last ^ 1);
  spool.put_back(leaves[0], kHarms[0].damage);
  const auto seen = Reader::open(spool.rig.dir.at("spool"))->verify();
  CHECK(seen->damaged_pages == 1);
  CHECK(seen->damaged_records == 1);
  CHECK(seen->records == kMore - spool.contents[leaves[0]].rows.size() - 1);
}

TEST_CASE("pages: what shapes lie on may break under the running spool, and no tick is lost") {
  Stopped spool;
  Rig& rig = spool.rig;
  for (const Harm& harm : kHarms) {
    for (std::size_t page = 2; page < spool.contents.size(); ++page) {
      if (spool.contents[page].shapes == 0) continue;
      CAPTURE(harm.what);
      CAPTURE(page);
      spool.put_back(page, [](std::string&) {});
      rig.open();
      // Through SQLite's cache, so that it has to look at the file again.
      rig.fill(0, 120, 4500);
      Wanted peers;
      peers.after = kTicks;
      peers.max_records = 1000;
      peers.max_bytes = UINT64_MAX;
      rig.settle(0, ids_of(rig.lease(0, peers)));
      std::string bytes = spool.sound.substr((page - 1) * kPage, kPage);
      harm.damage(bytes);
      std::FILE* file = std::fopen(rig.file().c_str(), "r+b");
      REQUIRE(file != nullptr);
      std::fseek(file, static_cast<long>((page - 1) * kPage), SEEK_SET);
      REQUIRE(std::fwrite(bytes.data(), 1, kPage, file) == kPage);
      std::fclose(file);
      CHECK(lost(rig, spool.ticker).empty());
      CHECK(rig.spool->stats().dropped_corrupt == 0);
      rig.spool->stop(10s);
    }
  }
}

TEST_CASE("pages: a copy that is lost is written again with the next tick that needs it") {
  Rig rig;
  rig.open();
  Ticker ticker(rig, 17);
  std::string request;
  const auto add = [&] {
    RandomHost host(3);
    request = host.tick();
    const auto id =
        rig.spool->append_and_wait({Signal::metrics, Origin::own, rig.clock.wall(), 3, request});
    REQUIRE(id);
    return *id;
  };
  const auto copies = [&](const std::string& table) {
    auto database = Database::open(rig.file());
    REQUIRE(database);
    const auto count = (*database)->integer("SELECT count(*) FROM " + table);
    (*database)->close_cleanly();
    return *count;
  };
  add();
  for (const std::string table : {"shapes", "shapes_copy"}) {
    rig.spool.reset();
    CHECK(copies(table) == 2);
    {
      auto database = Database::open(rig.file());
      REQUIRE((*database)->run("DELETE FROM " + table));
      (*database)->close_cleanly();
    }
    rig.open();
    add();
    rig.spool.reset();
    CHECK(copies(table) == 2);
    CHECK(copies("shapes") == copies("shapes_copy"));
  }
  rig.open();
  const auto all = rig.lease(0, up_to(10));
  CHECK(all.size() == 3);
  for (const Record& one : all)
    CHECK(one.body == request);
}

TEST_CASE(
    "pages: with both copies the ticks told from an anchor are lost, counted, and no others") {
  Rig rig;
  rig.open();
  Ticker ticker(rig, 16);
  ticker.tick(12);
  rig.spool.reset();
  std::map<std::uint64_t, std::size_t> told;  // anchor → ticks
  std::uint64_t victim = 0;
  {
    auto database = Database::open(rig.file());
    REQUIRE(database);
    auto query = (*database)->prepare("SELECT shape,count(*) FROM frames GROUP BY shape");
    REQUIRE(query);
    while (*query->step()) {
      victim = static_cast<std::uint64_t>(query->integer(0));
      told[victim] = static_cast<std::size_t>(query->integer(1));
    }
    query->reset();
    REQUIRE(told.size() > 1);
    for (const std::string_view table : Store::kShapeTables) {
      REQUIRE((*database)->run(fmt::format("DELETE FROM {} WHERE id={}", table, victim)));
    }
    (*database)->close_cleanly();
  }
  CHECK(Reader::open(rig.dir.at("spool"))->verify()->damaged_records == told[victim]);
  rig.open();
  std::size_t seen = 0;
  for (auto some = rig.lease(0, up_to(50)); !some.empty(); some = rig.lease(0, up_to(50))) {
    check_same(some, ticker.sent);
    seen += some.size();
    rig.settle(0, ids_of(some));
  }
  CHECK(seen == 12 - told[victim]);
  CHECK(rig.spool->stats().dropped_corrupt == told[victim]);
}

TEST_CASE("pages: a table that is missing from the schema is damage, and costs nothing") {
  for (const std::string table : {"shapes", "shapes_copy", "destinations"}) {
    CAPTURE(table);
    Rig rig;
    rig.open();
    Ticker ticker(rig, 18);
    ticker.tick(12);
    rig.spool.reset();
    {
      auto database = Database::open(rig.file());
      REQUIRE(database);
      REQUIRE((*database)->run("DROP TABLE " + table));
      (*database)->close_cleanly();
    }
    rig.open();
    CHECK(rig.spool->stats().mode == Mode::durable);
    ticker.tick(1);
    for (int i = 0; i < 20; ++i)
      rig.spool->load_value("x").value();
    const auto all = rig.lease(0, up_to(100));
    CHECK(all.size() == 13);
    check_same(all, ticker.sent);
    CHECK(rig.spool->stats().dropped_corrupt == 0);
  }
}
