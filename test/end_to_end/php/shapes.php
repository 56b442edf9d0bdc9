<?php
// Keeps one block from each kind of call that PHP has, and prints for each the block's size and the
// frames that PHP itself tells of: "stack SIZE function:line function:line", innermost first.
// Functions in C have line 0.
namespace App;

final class Keep
{
    public static array $all = [];
    public static int $size = 6000;
}

function frames(array $trace, int $line): string
{
    $text = "str_repeat:0";
    foreach ($trace as $i => $entry) {
        if ($entry['function'] === 'App\counted' && $i > 1) {
            // Of generators that delegate, silt tells the one that runs, and who asked for its value.
            $line = $entry['line'];
            continue;
        }
        $name = $entry['function'];
        if (\in_array($name, ['include', 'require', 'eval'], true) && !isset($entry['class'])) {
            $name = '{main}';
        }
        if (isset($entry['class'])) {
            $name = \explode("\0", $entry['class'])[0] . '::' . $name;
        }
        $internal = !isset($entry['class']) && \function_exists($name)
            && (new \ReflectionFunction($name))->isInternal();
        $internal = $internal || (isset($entry['class']) && $name !== 'Closure::__invoke'
            && (new \ReflectionClass($entry['class']))->isInternal());
        $text .= " $name:" . ($internal ? 0 : $line);
        $line = $entry['line'] ?? 0;
    }
    return "$text {main}:$line";
}

function leaf(): int
{
    $size = Keep::$size += 16;
    Keep::$all[] = \str_repeat('x', $size); $line = __LINE__;
    echo "stack ", ($size + 25 + 7) & ~7, " ", frames(\debug_backtrace(), $line), "\n";
    return 1;
}

class Base
{
    public function plain() { return leaf(); }
    public static function still() { return leaf(); }
    public function __call($name, $arguments) { return leaf(); }
    public static function __callStatic($name, $arguments) { return leaf(); }
    public function __get($name) { return leaf(); }
    public function __toString(): string { return (string) leaf(); }
    public function __invoke() { return leaf(); }
    public function bound(): \Closure { return function () { return leaf(); }; }
}
class Derived extends Base
{
    use Mixed_;
    public function plain()
    {
        return parent::plain();
    }
    public function __destruct()
    {
        leaf();
    }
}
trait Mixed_
{
    public function mixed() { return leaf(); }
}
class Rows implements \IteratorAggregate, \Countable, \ArrayAccess, \JsonSerializable
{
    public function getIterator(): \Iterator { leaf(); return new \ArrayIterator([1]); }
    public function count(): int { return leaf(); }
    public function offsetExists($k): bool { return leaf() === 1; }
    public function offsetGet($k): mixed { return leaf(); }
    public function offsetSet($k, $v): void { leaf(); }
    public function offsetUnset($k): void { leaf(); }
    public function jsonSerialize(): mixed { return leaf(); }
}

function deeper(int $n): int
{
    if ($n === 0) {
        return leaf();
    }
    return deeper($n - 1);
}
function counted()
{
    leaf();
    yield 1;
    leaf();
    yield from inner();
}
function inner()
{
    leaf();
    yield 2;
}
function thrower()
{
    try {
        throw new \RuntimeException('x');
    } catch (\RuntimeException $e) {
        leaf();
    } finally {
        leaf();
    }
}
function defaults($a = 1, ...$rest)
{
    return
        leaf();
}

// silt joins within the first few allocations of a program's own.
for ($i = 0; $i < 100; $i++) {
    \str_repeat('w', 100 + $i);
}
leaf();
deeper(5);
$derived = new Derived();
$derived->plain();
$derived->mixed();
$derived->unknown();
Derived::unknown_too();
Derived::still();
$derived->nothing;
"$derived";
$derived();
($derived->bound())();
$plain = [$derived, 'plain'];
$plain();
array_map(fn ($x) => leaf(), [1]);
array_map(function ($x) {
    return array_map(fn ($y) => leaf(), [$x]);
}, [1]);
$list = [2, 1];
usort($list, function ($a, $b) {
    leaf();
    return $a <=> $b;
});
call_user_func([$derived, 'plain']);
call_user_func_array('App\deeper', [2]);
preg_replace_callback('/a/', fn ($m) => (string) leaf(), 'a');
foreach (counted() as $value) {
    leaf();
}
$rows = new Rows();
foreach ($rows as $row) {
    leaf();
}
count($rows);
isset($rows['x']);
$rows['x'];
$rows['x'] = 1;
unset($rows['x']);
json_encode($rows);
thrower();
defaults(1, 2, 3);
$anonymous = new class {
    public function method() { return leaf(); }
};
$anonymous->method();
eval("namespace App;\n\nfunction evaluated() { return leaf(); }\nevaluated();\nleaf();");
include __DIR__ . '/included.php';
(new \ReflectionMethod('App\Base', 'plain'))->invoke(new Base());
ob_start(function ($text) { return $text; });
ob_end_flush();
spl_autoload_register(function ($class) { leaf(); });
class_exists('App\Missing');
set_error_handler(function () { leaf(); return true; });
echo $undefined_variable;
$derived = $plain = null;
gc_collect_cycles();
$fiber = new \Fiber(function () {
    leaf();
    \Fiber::suspend();
    deeper(1);
});
$fiber->start();
$fiber->resume();
posix_kill(getmypid(), SIGUSR2);
