//! The memory of SQLite, apart from everything else's.
//!
//! A connection takes some dozens of kilobytes in about two hundred pieces. Between those of many
//! connections, the program's allocator puts what objects keep for longer; when the connections are
//! closed, most of their memory then stays with the process. Here blocks of one size are together in
//! slabs, and a slab that nothing is left of goes back to the operating system.
//!
//! A slab is [`SLAB_BYTES`] of one range of addresses, which is reserved at the start and has memory
//! only where it is used. What is known of slabs is kept elsewhere, so nothing that is written past the
//! end of a block harms it. Threads have different heaps, as far as there are enough, so they seldom
//! wait for each other; a block may be freed by any thread. Blocks larger than [`BLOCK_BYTES_MAX`], and
//! all when the range is used up, are the program's allocator's.
//!
//! SQLite is told in [`super::vfs::configure`].

use rusqlite::ffi;
use std::alloc::{Layout, alloc, dealloc};
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Bytes of a slab.
const SLAB_BYTES: usize = 64 << 10;
/// How many there may be: 16 GiB.
const SLABS_MAX: usize = 1 << 18;
/// The largest block of a slab.
const BLOCK_BYTES_MAX: usize = 16 << 10;
/// Sizes of blocks are multiples of this, and so are their addresses.
const GRAIN: usize = 16;
/// Heaps, as many as threads that use SQLite much.
const HEAPS: usize = 32;
/// Words of bits, one bit for each block of the smallest size.
const WORDS: usize = SLAB_BYTES / GRAIN / 64;
/// In front of a block that is the program's allocator's.
const LARGE_HEADER_BYTES: usize = 16;

/// The sizes of blocks. Steps are an eighth or less; two are those that SQLite asks for with each
/// connection, a page and a page of its cache.
const SIZES: [usize; 66] = sizes();
const PAGE_SIZES: [usize; 2] = [4112, 4368];
/// The place of the smallest size that fits, for each multiple of [`GRAIN`].
const PLACES: [u8; BLOCK_BYTES_MAX / GRAIN + 1] = places();

const fn sizes() -> [usize; 66] {
    let mut sizes = [0; 66];
    let (mut place, mut size, mut page) = (0, GRAIN, 0);
    while size <= BLOCK_BYTES_MAX {
        while page < PAGE_SIZES.len() && PAGE_SIZES[page] < size {
            sizes[place] = PAGE_SIZES[page];
            (place, page) = (place + 1, page + 1);
        }
        sizes[place] = size;
        place += 1;
        let step = (1 << size.ilog2()) / 8;
        size += if step < GRAIN { GRAIN } else { step };
    }
    assert!(place == sizes.len());
    sizes
}

const fn places() -> [u8; BLOCK_BYTES_MAX / GRAIN + 1] {
    let mut places = [0; BLOCK_BYTES_MAX / GRAIN + 1];
    let (mut grains, mut place) = (0, 0);
    while grains < places.len() {
        while SIZES[place] < grains * GRAIN {
            place += 1;
        }
        places[grains] = place as u8;
        grains += 1;
    }
    places
}

fn place_of(bytes: usize) -> usize {
    PLACES[bytes.div_ceil(GRAIN)] as usize
}

/// Where the slabs are; nowhere if the range could not be reserved.
#[derive(Debug)]
struct Range {
    start: usize,
    units: Mutex<Units>,
}

/// Which parts of the range are in use.
#[derive(Debug, Default)]
struct Units {
    free: Vec<u32>,
    /// From here on none was used yet.
    untouched: u32,
}

/// The heap that a slab belongs to, and the slab's place there: `heap << 24 | place`.
static OWNERS: [AtomicU32; SLABS_MAX] = [const { AtomicU32::new(0) }; SLABS_MAX];
static HEAP: [Mutex<Heap>; HEAPS] = [const { Mutex::new(Heap::new()) }; HEAPS];
/// Bytes of all slabs.
static USED: AtomicUsize = AtomicUsize::new(0);

/// Returns how many bytes SQLite has of memory that the program's allocator does not know.
pub fn slab_bytes() -> u64 {
    USED.load(Relaxed) as u64
}

/// The slabs of some threads.
#[derive(Debug)]
struct Heap {
    slabs: Vec<Slab>,
    unused: Vec<u32>,
    /// For each size the slabs that have room.
    roomy: [Vec<u32>; SIZES.len()],
}

#[derive(Debug)]
struct Slab {
    /// Its place in the range.
    unit: u32,
    size: u8,
    used: u16,
    /// No word before this one has a free block.
    first: u8,
    /// Its place among those that have room.
    roomy_at: u32,
    /// Blocks in use, and those that would be past the end.
    bits: [u64; WORDS],
}

impl Slab {
    fn capacity(size: u8) -> usize {
        SLAB_BYTES / SIZES[size as usize]
    }

    fn new(unit: u32, size: u8) -> Self {
        let mut bits = [u64::MAX; WORDS];
        let capacity = Self::capacity(size);
        for (word, bits) in bits.iter_mut().enumerate() {
            let blocks = capacity.saturating_sub(word * 64);
            if blocks > 0 {
                *bits = u64::MAX.checked_shl(blocks as u32).unwrap_or(0);
            }
        }
        Self {
            unit,
            size,
            used: 0,
            first: 0,
            roomy_at: 0,
            bits,
        }
    }

    fn is_full(&self) -> bool {
        usize::from(self.used) == Self::capacity(self.size)
    }

    /// Takes a block; there must be one. Returns its number.
    fn take(&mut self) -> usize {
        let mut word = usize::from(self.first);
        while self.bits[word] == u64::MAX {
            word += 1;
        }
        let bit = self.bits[word].trailing_ones() as usize;
        self.bits[word] |= 1 << bit;
        self.first = word as u8;
        self.used += 1;
        word * 64 + bit
    }

    fn put(&mut self, block: usize) {
        let word = block / 64;
        self.bits[word] &= !(1 << (block % 64));
        self.first = self.first.min(word as u8);
        self.used -= 1;
    }
}

impl Heap {
    const fn new() -> Self {
        Self {
            slabs: Vec::new(),
            unused: Vec::new(),
            roomy: [const { Vec::new() }; SIZES.len()],
        }
    }

    /// Returns the offset of a new block in the range; `None` when that is used up.
    fn take(&mut self, size: u8, heap: u32, range: &Range) -> Option<usize> {
        let place = match self.roomy[usize::from(size)].last() {
            Some(place) => *place,
            None => self.add(size, heap, range)?,
        };
        let slab = &mut self.slabs[place as usize];
        let block = slab.take();
        if slab.is_full() {
            self.roomy[usize::from(size)].pop();
        }
        Some(slab.unit as usize * SLAB_BYTES + block * SIZES[usize::from(size)])
    }

    fn add(&mut self, size: u8, heap: u32, range: &Range) -> Option<u32> {
        let unit = range.take()?;
        let slab = Slab::new(unit, size);
        let place = match self.unused.pop() {
            Some(place) => {
                self.slabs[place as usize] = slab;
                place
            }
            None => {
                self.slabs.push(slab);
                self.slabs.len() as u32 - 1
            }
        };
        OWNERS[unit as usize].store(heap << 24 | place, Relaxed);
        self.has_room(place);
        Some(place)
    }

    fn has_room(&mut self, place: u32) {
        let slab = &mut self.slabs[place as usize];
        let roomy = &mut self.roomy[usize::from(slab.size)];
        slab.roomy_at = roomy.len() as u32;
        roomy.push(place);
    }

    /// Takes a block back. One slab of each size stays when nothing is left of it.
    fn put(&mut self, place: u32, offset: usize, range: &Range) {
        let slab = &mut self.slabs[place as usize];
        let (size, was_full) = (usize::from(slab.size), slab.is_full());
        slab.put(offset / SIZES[size]);
        let is_empty = slab.used == 0;
        if was_full {
            self.has_room(place);
        }
        if is_empty && self.roomy[size].len() > 1 {
            let slab = &self.slabs[place as usize];
            let (unit, at) = (slab.unit, slab.roomy_at);
            self.roomy[size].swap_remove(at as usize);
            if let Some(moved) = self.roomy[size].get(at as usize) {
                self.slabs[*moved as usize].roomy_at = at;
            }
            self.unused.push(place);
            range.put(unit);
        }
    }
}

impl Range {
    /// The range of this process.
    fn get() -> Option<&'static Self> {
        static RANGE: OnceLock<Option<Range>> = OnceLock::new();
        RANGE.get_or_init(Self::reserve).as_ref()
    }

    fn reserve() -> Option<Self> {
        let bytes = (SLABS_MAX + 1) * SLAB_BYTES;
        // SAFETY: a new mapping at an address of the system's choice concerns nobody's memory.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return None;
        }
        // Otherwise the first page of a slab might bring two megabytes along.
        // SAFETY: the mapping is this module's, and what it has does not change.
        unsafe { libc::madvise(start, bytes, libc::MADV_NOHUGEPAGE) };
        Some(Self {
            start: (start as usize).next_multiple_of(SLAB_BYTES),
            units: Mutex::default(),
        })
    }

    fn offset_of(&self, address: usize) -> Option<usize> {
        let offset = address.checked_sub(self.start)?;
        (offset < SLABS_MAX * SLAB_BYTES).then_some(offset)
    }

    fn take(&self) -> Option<u32> {
        let mut units = self.units();
        let unit = match units.free.pop() {
            Some(unit) => unit,
            None if (units.untouched as usize) < SLABS_MAX => {
                units.untouched += 1;
                units.untouched - 1
            }
            None => return None,
        };
        USED.fetch_add(SLAB_BYTES, Relaxed);
        Some(unit)
    }

    fn put(&self, unit: u32) {
        let start = self.start + unit as usize * SLAB_BYTES;
        // SAFETY: nothing is left of the slab, which is in the range; the next use begins with zeros.
        unsafe { libc::madvise(start as *mut c_void, SLAB_BYTES, libc::MADV_DONTNEED) };
        self.units().free.push(unit);
        USED.fetch_sub(SLAB_BYTES, Relaxed);
    }

    fn units(&self) -> MutexGuard<'_, Units> {
        self.units.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The heap of this thread.
fn own_heap() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    thread_local! {
        static OWN: Cell<Option<u32>> = const { Cell::new(None) };
    }
    let own = OWN.get();
    own.unwrap_or_else(|| {
        let own = LAST.fetch_add(1, Relaxed) % HEAPS as u32;
        OWN.set(Some(own));
        own
    })
}

fn heap(number: u32) -> MutexGuard<'static, Heap> {
    HEAP[number as usize]
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

fn take(bytes: usize) -> *mut c_void {
    if bytes <= BLOCK_BYTES_MAX
        && let Some(range) = Range::get()
    {
        let own = own_heap();
        let taken = heap(own).take(place_of(bytes) as u8, own, range);
        if let Some(offset) = taken {
            return (range.start + offset) as *mut c_void;
        }
    }
    take_large(bytes)
}

fn give_back(block: *mut c_void) {
    let range = Range::get();
    let Some((range, offset)) =
        range.and_then(|range| Some((range, range.offset_of(block as usize)?)))
    else {
        return give_back_large(block);
    };
    let owner = OWNERS[offset / SLAB_BYTES].load(Relaxed);
    let (number, place) = (owner >> 24, owner & 0xff_ffff);
    heap(number).put(place, offset % SLAB_BYTES, range);
}

fn size_of_block(block: *mut c_void) -> usize {
    let offset = Range::get().and_then(|range| range.offset_of(block as usize));
    match offset {
        Some(offset) => {
            let owner = OWNERS[offset / SLAB_BYTES].load(Relaxed);
            let heap = heap(owner >> 24);
            SIZES[usize::from(heap.slabs[(owner & 0xff_ffff) as usize].size)]
        }
        None => size_of_large(block),
    }
}

fn large_layout(bytes: usize) -> Option<Layout> {
    Layout::from_size_align(bytes.checked_add(LARGE_HEADER_BYTES)?, GRAIN).ok()
}

fn take_large(bytes: usize) -> *mut c_void {
    let Some(layout) = large_layout(bytes) else {
        return ptr::null_mut();
    };
    // SAFETY: the layout has a size.
    let start = unsafe { alloc(layout) };
    if start.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: the header is inside and aligned.
    unsafe { start.cast::<usize>().write(bytes) };
    // SAFETY: as above.
    unsafe { start.add(LARGE_HEADER_BYTES) }.cast()
}

fn size_of_large(block: *mut c_void) -> usize {
    // SAFETY: the block is one of `take_large`, so its size is in front of it.
    unsafe {
        block
            .cast::<u8>()
            .sub(LARGE_HEADER_BYTES)
            .cast::<usize>()
            .read()
    }
}

fn give_back_large(block: *mut c_void) {
    if let Some(layout) = large_layout(size_of_large(block)) {
        // SAFETY: as above, and it is used no more.
        unsafe { dealloc(block.cast::<u8>().sub(LARGE_HEADER_BYTES), layout) };
    }
}

/// Whether there is a range of addresses to take slabs from.
pub(super) fn is_available() -> bool {
    Range::get().is_some()
}

/// What SQLite is given.
pub(super) const METHODS: ffi::sqlite3_mem_methods = ffi::sqlite3_mem_methods {
    xMalloc: Some(mem_malloc),
    xFree: Some(mem_free),
    xRealloc: Some(mem_realloc),
    xSize: Some(mem_size),
    xRoundup: Some(mem_round_up),
    xInit: Some(mem_init),
    xShutdown: Some(mem_shut_down),
    pAppData: ptr::null_mut(),
};

unsafe extern "C" fn mem_malloc(bytes: c_int) -> *mut c_void {
    take(usize::try_from(bytes).unwrap_or(0))
}

unsafe extern "C" fn mem_free(block: *mut c_void) {
    if !block.is_null() {
        give_back(block);
    }
}

unsafe extern "C" fn mem_realloc(block: *mut c_void, bytes: c_int) -> *mut c_void {
    let bytes = usize::try_from(bytes).unwrap_or(0);
    let before = size_of_block(block);
    if before <= BLOCK_BYTES_MAX && bytes <= BLOCK_BYTES_MAX && SIZES[place_of(bytes)] == before {
        return block;
    }
    let new = take(bytes);
    if !new.is_null() {
        // SAFETY: both blocks have so many bytes, and the new one is apart from the old one.
        unsafe { ptr::copy_nonoverlapping(block.cast::<u8>(), new.cast(), before.min(bytes)) };
        give_back(block);
    }
    new
}

unsafe extern "C" fn mem_size(block: *mut c_void) -> c_int {
    match block.is_null() {
        true => 0,
        false => size_of_block(block) as c_int,
    }
}

unsafe extern "C" fn mem_round_up(bytes: c_int) -> c_int {
    match usize::try_from(bytes) {
        Ok(wanted) if wanted <= BLOCK_BYTES_MAX => SIZES[place_of(wanted)] as c_int,
        _ => bytes.saturating_add(7) & !7,
    }
}

unsafe extern "C" fn mem_init(_data: *mut c_void) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn mem_shut_down(_data: *mut c_void) {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::thread;

    /// Fills a block with a byte that says which one it is.
    fn filled(bytes: usize, mark: u8) -> (usize, usize, u8) {
        let block = take(bytes);
        assert_eq!(block as usize % GRAIN, 0);
        assert!(size_of_block(block) >= bytes);
        // SAFETY: the block has so many bytes.
        unsafe { block.cast::<u8>().write_bytes(mark, bytes) };
        (block as usize, bytes, mark)
    }

    fn check_and_free((block, bytes, mark): (usize, usize, u8)) {
        // SAFETY: the block has so many bytes, which were written.
        let found = unsafe { std::slice::from_raw_parts(block as *const u8, bytes) };
        assert!(
            found.iter().all(|byte| *byte == mark),
            "another block wrote here"
        );
        give_back(block as *mut c_void);
    }

    #[test]
    fn sizes_grow_by_an_eighth_at_most_and_every_size_fits() {
        assert!(SIZES.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(SIZES.iter().all(|size| size.is_multiple_of(GRAIN)));
        for bytes in 0..=BLOCK_BYTES_MAX {
            let size = SIZES[place_of(bytes)];
            assert!(size >= bytes);
            assert!(size - bytes <= GRAIN + bytes / 8, "{bytes} in {size}");
        }
    }

    #[test]
    fn a_block_of_the_largest_size_is_in_a_slab_and_one_more_byte_is_not() {
        let range = Range::get().unwrap();
        for (bytes, is_inside) in [(BLOCK_BYTES_MAX, true), (BLOCK_BYTES_MAX + 1, false)] {
            let block = filled(bytes, 7);
            assert_eq!(range.offset_of(block.0).is_some(), is_inside, "{bytes}");
            check_and_free(block);
        }
    }

    #[test]
    fn a_slab_that_nothing_is_left_of_goes_back() {
        let range = Range::get().unwrap();
        let mut heap = Heap::new();
        let place = place_of(10_000);
        let per_slab = SLAB_BYTES / SIZES[place];
        let offsets: Vec<usize> = (0..3 * per_slab)
            .map(|_| heap.take(place as u8, 0, range).unwrap())
            .collect();
        assert_eq!(heap.slabs.len(), 3);
        assert_eq!(heap.roomy[place], [], "all are full");
        for offset in offsets {
            let owner = OWNERS[offset / SLAB_BYTES].load(Relaxed);
            heap.put(owner & 0xff_ffff, offset % SLAB_BYTES, range);
        }

        assert_eq!(heap.roomy[place].len(), 1, "one stays");
        assert_eq!(heap.unused.len(), 2);
        heap.take(place as u8, 0, range).unwrap();
        assert_eq!(heap.slabs.len(), 3);
    }

    #[test]
    fn what_is_made_larger_or_smaller_keeps_its_bytes() {
        let (mut block, mut known, mark) = filled(1, 9);
        for bytes in [8, 24, 1000, 1001, 16_384, 16_385, 100_000, 16_384, 500, 3] {
            // SAFETY: a block of this module's.
            let grown = unsafe { mem_realloc(block as *mut c_void, bytes as c_int) };
            let kept = known.min(bytes);
            // SAFETY: so many bytes were written before.
            let found = unsafe { std::slice::from_raw_parts(grown.cast::<u8>(), kept) };
            assert!(found.iter().all(|byte| *byte == mark), "{bytes}");
            // SAFETY: the block has so many bytes.
            unsafe { grown.cast::<u8>().write_bytes(mark, bytes) };
            (block, known) = (grown as usize, bytes);
        }
        check_and_free((block, known, mark));
    }

    #[test]
    fn threads_may_free_what_others_have_taken() {
        let threads: Vec<_> = (0..8_u8)
            .map(|mark| {
                thread::spawn(move || {
                    let sizes = (0..2000).map(|step| step * 7 % 5000);
                    sizes.map(|bytes| filled(bytes, mark)).collect::<Vec<_>>()
                })
            })
            .collect();
        let blocks: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        let threads: Vec<_> = blocks
            .into_iter()
            .map(|blocks| thread::spawn(|| blocks.into_iter().for_each(check_and_free)))
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }

    proptest! {
        #[test]
        fn blocks_do_not_overlap(
            steps in prop::collection::vec((any::<bool>(), 0..20_000usize, any::<prop::sample::Index>()), 1..300)
        ) {
            let mut blocks = Vec::new();
            for (number, (takes, bytes, which)) in steps.into_iter().enumerate() {
                if takes || blocks.is_empty() {
                    blocks.push(filled(bytes, number as u8));
                } else {
                    check_and_free(blocks.swap_remove(which.index(blocks.len())));
                }
            }
            blocks.into_iter().for_each(check_and_free);
        }
    }
}
