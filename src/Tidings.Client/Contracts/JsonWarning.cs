namespace Tidings.Client;

internal static class JsonWarning
{
    public const string Text = "The value becomes JSON by reflection. Use the overload that takes a JsonTypeInfo<T>.";
}
