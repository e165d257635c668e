namespace Tidings.Redis.Servers;

/// <summary>Looks at what a server says before the client library reads it, which trusts lengths and goes into nested arrays by recursion. Not safe for concurrent use.</summary>
/// <remarks>RESP2 alone: nothing else was asked for.</remarks>
internal sealed class RespGuard
{
    /// <summary>The longest text that is taken: as long as Redis has any, unless it is told otherwise (<c>proto-max-bulk-len</c>).</summary>
    public const int LongestText = 512 << 20;

    /// <summary>The most items of one array.</summary>
    public const int MostItems = 4 << 20;

    /// <summary>How deep arrays may stand in one another: scripts answer three deep.</summary>
    public const int Deepest = 16;

    // A simple text, an error or a number.
    private const int LongestLine = 64 << 10;

    private readonly int[] _left = new int[Deepest];
    private int _depth;
    private long _skip;
    private byte _kind;
    private int _line;
    private long _number;
    private bool _isNegative;

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="IOException">They are nothing that Redis says.</exception>
    public void Check(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_skip > 0)
            {
                var skipped = (int)Math.Min(_skip, bytes.Length);
                _skip -= skipped;
                bytes = bytes[skipped..];
            }
            else if (_kind == 0)
            {
                _kind = bytes[0] is (byte)'+' or (byte)'-' or (byte)':' or (byte)'$' or (byte)'*' ? bytes[0] : throw new IOException("The server speaks no RESP2.");
                (_line, _number, _isNegative) = (0, 0, false);
                bytes = bytes[1..];
            }
            else
            {
                var end = bytes.IndexOf((byte)'\n');
                ReadLine(end < 0 ? bytes : bytes[..end]);
                bytes = end < 0 ? [] : bytes[(end + 1)..];
                if (end >= 0)
                {
                    End(_kind);
                }
            }
        }
    }

    private void ReadLine(ReadOnlySpan<byte> bytes)
    {
        _line += bytes.Length;
        if (_line > LongestLine)
        {
            throw new IOException("The server's answer has a line without an end.");
        }

        if (_kind is not ((byte)'$' or (byte)'*'))
        {
            return;
        }

        foreach (var b in bytes)
        {
            _isNegative |= b == '-';
            _number = b is >= (byte)'0' and <= (byte)'9' ? (_number * 10) + (b - '0')
                : b is (byte)'-' or (byte)'\r' ? _number
                : throw new IOException("The server's answer has a length that is no number.");
            if (_number > (_kind == '$' ? LongestText : MostItems))
            {
                throw new IOException("The server's answer is longer than any may be.");
            }
        }
    }

    private void End(byte kind)
    {
        _kind = 0;
        if (kind == '*' && !_isNegative && _number > 0)
        {
            if (_depth == Deepest)
            {
                throw new IOException("The server's answer is nested deeper than any may be.");
            }

            _left[_depth++] = (int)_number;
            return;
        }

        if (kind == '$' && !_isNegative)
        {
            _skip = _number + 2;
        }

        while (_depth > 0 && --_left[_depth - 1] == 0)
        {
            _depth--;
        }
    }
}
