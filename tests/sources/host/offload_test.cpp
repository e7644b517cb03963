// SPDX-License-Identifier: Apache-2.0
#include "sources/host/offload.hpp"

#include <atomic>
#include <functional>
#include <utility>

#include <doctest/doctest.h>

#include "sources/host/gate.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

// Longer than any test machine is slow; reached only by a test that fails.
constexpr std::chrono::milliseconds kLong{60'000};
constexpr std::chrono::milliseconds kShort{50};

class Call final : public Offload::Task {
 public:
  Call(Lane lane, std::function<void()> what) : Task(lane), what_(std::move(what)) {}
  void run() override { what_(); }

 private:
  std::function<void()> what_;
};

Offload::TaskPtr make(Lane lane, std::function<void()> what) {
  return std::make_shared<Call>(lane, std::move(what));
}

// Threads end by themselves once their call has returned; the last step is theirs.
void await_threads(const Offload& offload, std::size_t count) {
  while (offload.threads() > count)
    std::this_thread::yield();
}

}  // namespace

TEST_CASE("offload: many calls on one thread, each answered once per post") {
  Offload offload;
  CHECK(offload.threads() == 0);
  int runs = 0;
  std::vector<Offload::TaskPtr> tasks;
  for (int i = 0; i < 50; ++i)
    tasks.push_back(make(Lane::local, [&runs] { ++runs; }));
  for (int round = 1; round <= 3; ++round) {
    for (const auto& task : tasks)
      offload.post(task);
    offload.await(tasks, kLong);
    for (const auto& task : tasks) {
      CHECK(offload.take(*task));
      CHECK_FALSE(offload.take(*task));
    }
    CHECK(runs == 50 * round);
  }
  CHECK(offload.threads() == 1);
}

TEST_CASE("offload: a call that hangs is given up on, others go on, and it comes back") {
  test::Gate gate;
  std::atomic<int> good_runs{0};
  Offload offload;
  const auto stuck = make(Lane::remote, [&] { gate.pass(); });
  const auto good = make(Lane::remote, [&] { ++good_runs; });
  for (int round = 1; round <= 3; ++round) {
    offload.post(stuck);
    if (round == 1) gate.await_inside(1);
    offload.post(good);
    offload.await({stuck, good}, round == 1 ? kShort : kLong);
    offload.await({good}, kLong);
    CHECK(offload.take(*good));
    CHECK_FALSE(offload.take(*stuck));
    CHECK(offload.is_stuck(*stuck));
  }
  CHECK(good_runs == 3);
  CHECK(offload.threads() == 2);
  CHECK(gate.inside() == 1);
  gate.open();
  offload.await({stuck}, kLong);
  gate.await_passed(1);
  while (!offload.take(*stuck))
    std::this_thread::yield();
  CHECK_FALSE(offload.is_stuck(*stuck));
  await_threads(offload, 1);
  offload.post(stuck);
  offload.await({stuck}, kLong);
  CHECK(offload.take(*stuck));
}

TEST_CASE("offload: a lane's hanging calls hold no more than its threads, other lanes go on") {
  test::Gate gate;
  Offload offload;
  std::vector<Offload::TaskPtr> dead;
  for (int i = 0; i < 20; ++i)
    dead.push_back(make(Lane::remote, [&] { gate.pass(); }));
  bool did_run = false;
  const auto local = make(Lane::local, [&] { did_run = true; });
  for (int round = 0; round < 5; ++round) {
    for (const auto& task : dead)
      offload.post(task);
    offload.await(dead, kShort);
  }
  gate.await_inside(kLaneThreads);
  // All places of the lane are taken by hanging calls: there is nothing to wait for.
  offload.await(dead, kShort);
  offload.await(dead, kLong);
  CHECK(gate.inside() == kLaneThreads);
  offload.post(local);
  offload.await({local}, kLong);
  CHECK(offload.take(*local));
  CHECK(did_run);
  CHECK(offload.threads() <= kLaneThreads + 1);
  gate.open();
  gate.await_passed(20);
  await_threads(offload, 1);
}

TEST_CASE("offload: what hangs does not hold up the end, nor is queued work started after it") {
  auto gate = std::make_shared<test::Gate>();
  auto later_runs = std::make_shared<std::atomic<int>>(0);
  std::weak_ptr<Offload::Task> watched;
  {
    Offload offload;
    std::vector<Offload::TaskPtr> tasks;
    for (unsigned i = 0; i < kLaneThreads; ++i)
      tasks.push_back(make(Lane::sensor, [gate] { gate->pass(); }));
    tasks.push_back(make(Lane::sensor, [later_runs] { ++*later_runs; }));
    watched = tasks[0];
    for (const auto& task : tasks)
      offload.post(task);
    while (gate->inside() < static_cast<int>(kLaneThreads))
      offload.await(tasks, kShort);
  }
  CHECK_FALSE(watched.expired());  // its thread has it
  gate->open();
  gate->await_passed(kLaneThreads);
  while (!watched.expired())
    std::this_thread::yield();
  CHECK(*later_runs == 0);
}

TEST_CASE("offload: a task that only the queue remembers is dropped") {
  test::Gate gate;
  Offload offload;
  std::vector<Offload::TaskPtr> dead;
  for (unsigned i = 0; i < kLaneThreads; ++i)
    dead.push_back(make(Lane::remote, [&] { gate.pass(); }));
  for (const auto& task : dead)
    offload.post(task);
  while (gate.inside() < static_cast<int>(kLaneThreads))
    offload.await(dead, kShort);
  auto forgotten = make(Lane::remote, [] {});
  const std::weak_ptr<Offload::Task> watched = forgotten;
  offload.post(forgotten);
  forgotten.reset();
  CHECK_FALSE(watched.expired());
  const auto next = make(Lane::local, [] {});
  offload.post(next);
  CHECK(watched.expired());
  gate.open();
  gate.await_passed(kLaneThreads);
}
