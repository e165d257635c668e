using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Tidings;

/// <summary>How a kind of chat tasks asks its model.</summary>
public sealed class ChatTaskOptions
{
    /// <summary>Finds the model among the services of a run, which have a scope of their own. Default: the registered <see cref="IChatClient"/>.</summary>
    public Func<IServiceProvider, IChatClient> Client { get; set; } = static services => services.GetRequiredService<IChatClient>();

    /// <summary>What each question is asked with: instructions, the model's name, temperature, tools. Each run has a copy. Default null: as the model does by itself.</summary>
    public ChatOptions? Options { get; set; }
}
