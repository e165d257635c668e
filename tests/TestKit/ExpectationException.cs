namespace TestKit;

/// <summary>What a test expected did not happen.</summary>
public sealed class ExpectationException : Exception
{
    public ExpectationException()
    {
    }

    public ExpectationException(string message)
        : base(message)
    {
    }

    public ExpectationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
