namespace Tidings.Fuzz.Targets;

/// <summary>Cuts an input into segments that depend on nothing but the input, so that a bug comes again.</summary>
internal ref struct Cuts(ReadOnlySpan<byte> input, bool whole)
{
    private ulong _state = Fnv.Of(input) | 1;
    private ReadOnlySpan<byte> _rest = input;
    private bool _begun;

    /// <summary>The next segment in an array of its own, or null.</summary>
    public byte[]? Next()
    {
        if (_begun && _rest.IsEmpty)
        {
            return null;
        }

        _begun = true;
        _state ^= _state << 13;
        _state ^= _state >> 7;
        _state ^= _state << 17;
        var most = (_state & 3) switch { 0 => 1, 1 => 3, 2 => 20, _ => 500 };
        var length = whole ? _rest.Length : (int)Math.Min((ulong)_rest.Length, (_state >> 8) % (ulong)(most + 1));
        var segment = _rest[..length].ToArray();
        _rest = _rest[length..];
        return segment;
    }
}
