import t from 'tap';
import { applyHunks, parseDiff } from './seeded-patch.js';

const diff = `--- a/dir/x.c
+++ b/dir/x.c
@@ -2,3 +2,4 @@ int f(void)
 b
-c
+C
+CC
 d
@@ -6,2 +7 @@
 f
-g
`;

const apply = (text: string): string => {
  const [file] = parseDiff(diff);
  if (file === undefined) throw new Error('no file');
  return applyHunks(text, file);
};

t.test('hunks apply at their original position and at a moved one', async (t) => {
  t.equal(parseDiff(diff)[0]?.path, 'dir/x.c');
  t.equal(apply('a\nb\nc\nd\ne\nf\ng\n'), 'a\nb\nC\nCC\nd\ne\nf\n');
  t.equal(apply('new\nnew\na\nb\nc\nd\ne\nf\ng\n'), 'new\nnew\na\nb\nC\nCC\nd\ne\nf\n');
  t.equal(apply('b\nc\nd\nf\ng\nb\nc\nd\n'), 'b\nC\nCC\nd\nf\nb\nc\nd\n', 'the nearest match');
});

t.test('a hunk whose context differs is refused', async (t) => {
  t.throws(() => apply('a\nb\nc\nD\ne\nf\ng\n'), /line 2 of dir\/x\.c/);
  t.throws(() => apply('a\nb\nc\nd\ne\nf \ng\n'), /line 6 of dir\/x\.c/);
});

t.test('malformed diffs are refused', async (t) => {
  t.throws(() => parseDiff(''), /no file/);
  t.throws(() => parseDiff('@@ -1 +1 @@\n-a\n+b\n'), /no line \+\+\+ b/);
  t.throws(() => parseDiff('--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-a\n+b\n'), /Hunk at line 3/);
  t.throws(() => parseDiff('--- a/x\n+++ b/x\n'), /no hunk/);
  t.throws(() => parseDiff('--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+b\n'), /existing files/);
  t.throws(() => parseDiff('nonsense\n'), /not part of a diff|no line/);
  t.throws(() => parseDiff(`${diff}nonsense\n`), /nonsense/);
  t.throws(() => parseDiff(`${diff}\\ No newline at end of file\n`), /No newline/);
});
